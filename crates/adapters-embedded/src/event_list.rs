//! Lists of events, along the index of their dates. Words are looked for here: SQLite knows the case of ASCII
//! letters only.

use domain::cursor::{Moment, Start};
use domain::error::StoreError;
use domain::event::{Event, EventFilter, EventId, EventOrder, EventQuery};
use domain::time::Timestamp;
use sea_orm::{ConnectionTrait, Value};

use crate::event_row::{event, event_columns};
use crate::span::{Direction, Span};
use crate::sql::{column, row, rows, unreadable};

/// The rows that words are looked for in at a time.
const STRETCH: usize = 500;

/// Some events of a list.
pub(crate) async fn list(
    on: &impl ConnectionTrait,
    query: &EventQuery,
    start: Start<Moment>,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    if query.filter.search.is_none() {
        return stretch(on, query, start, limit).await;
    }
    let (mut skip, start) = match start {
        Start::Offset(rows) => (rows, Start::First),
        start => (0, start),
    };
    let mut found = Vec::new();
    let take = |event| {
        match skip {
            0 => found.push(event),
            _ => skip -= 1,
        }
        found.len() < limit
    };
    search(on, query, start, take).await?;
    Ok(found)
}

/// Hands on the events with the words that are looked for, one by one, as long as `take` wants more.
async fn search(
    on: &impl ConnectionTrait,
    query: &EventQuery,
    mut start: Start<Moment>,
    mut take: impl FnMut(Event) -> bool,
) -> Result<(), StoreError> {
    loop {
        let met = stretch(on, query, start, STRETCH).await?;
        let last = match met.last() {
            Some(last) if met.len() == STRETCH => Some(last.position()),
            _ => None,
        };
        let mut found = met
            .into_iter()
            .filter(|event| query.filter.has_words(event));
        match last {
            Some(last) if found.all(&mut take) => start = Start::After(last),
            Some(_) => return Ok(()),
            None => {
                found.all(&mut take);
                return Ok(());
            }
        }
    }
}

/// How many events are wanted.
pub(crate) async fn count(
    on: &impl ConnectionTrait,
    filter: &EventFilter,
) -> Result<u64, StoreError> {
    if filter.search.is_some() {
        let query = EventQuery {
            filter: filter.clone(),
            ..EventQuery::default()
        };
        let mut events = 0;
        let take = |_| {
            events += 1;
            true
        };
        search(on, &query, Start::First, take).await?;
        return Ok(events);
    }
    let wanted = Wanted::of(filter, Direction::Up, None);
    let sql = format!("SELECT COUNT(*) AS events FROM events AS e{}", wanted.sql());
    let counted = row(on, &sql, wanted.values).await?;
    let counted: i64 = column(&counted.ok_or_else(|| unreadable("events"))?, "events")?;
    Ok(counted.unsigned_abs())
}

/// A part of the list as it were without words.
async fn stretch(
    on: &impl ConnectionTrait,
    query: &EventQuery,
    start: Start<Moment>,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let direction = match query.order {
        EventOrder::EarliestFirst => Direction::Up,
        EventOrder::LatestFirst => Direction::Down,
    };
    let offset = i64::try_from(start.offset()).unwrap_or(i64::MAX);
    let wanted = Wanted::of(&query.filter, direction, start.position());
    let sql = format!(
        concat!(
            "SELECT ",
            event_columns!(),
            " FROM events AS e{} ORDER BY e.date {}, e.id {} LIMIT ? OFFSET ?"
        ),
        wanted.sql(),
        direction.sql(),
        direction.sql(),
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut values = wanted.values;
    values.extend([limit.into(), offset.into()]);
    let found = rows(on, &sql, values).await?;
    found.iter().map(event).collect()
}

/// The conditions of a statement, all but the words.
#[derive(Default)]
struct Wanted {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Wanted {
    fn of(filter: &EventFilter, direction: Direction, after: Option<Moment>) -> Self {
        let mut wanted = Self::default();
        if let Some(tag) = &filter.tag {
            let has = "json_type(e.metadata, '$.tags') IN ('text', 'array') AND EXISTS (SELECT 1 \
                       FROM json_each(e.metadata, '$.tags') AS t WHERE t.type = 'text' AND t.value = ?)";
            wanted.and(has, [tag.as_str().into()]);
        }
        let span = Span {
            from: filter.from,
            until: filter.to,
            after,
        };
        wanted.and_within(span.walked(direction), direction);
        if filter.available {
            let some = "EXISTS (SELECT 1 FROM event_stock AS s WHERE s.event_id = e.id AND s.available > 0)";
            wanted.and(some, []);
        }
        wanted
    }

    fn and_within(&mut self, span: Span, direction: Direction) {
        self.and_at("e.date >= ?", span.from);
        self.and_at("e.date < ?", span.until);
        if let Some(last) = span.after {
            let behind = match direction {
                Direction::Up => "(e.date, e.id) > (?, ?)",
                Direction::Down => "(e.date, e.id) < (?, ?)",
            };
            let id = EventId::from_bytes(last.id).to_string();
            self.and(behind, [last.at.millis().into(), id.into()]);
        }
    }

    fn and(&mut self, condition: &'static str, values: impl IntoIterator<Item = Value>) {
        self.conditions.push(condition);
        self.values.extend(values);
    }

    fn and_at(&mut self, condition: &'static str, moment: Option<Timestamp>) {
        if let Some(moment) = moment {
            self.and(condition, [moment.millis().into()]);
        }
    }

    fn sql(&self) -> String {
        match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.conditions.join(" AND ")),
        }
    }
}
