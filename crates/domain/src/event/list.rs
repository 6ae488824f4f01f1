//! Which events a list shows, in which order, and from where.

use super::Event;
use crate::cursor::{ListScope, Moment, Stretch};
use crate::search::SearchWords;
use crate::text::{InvalidValue, Lines, text_type};
use crate::time::Timestamp;

text_type! {
    /// A tag that events may have, 1 to 100 characters on one line.
    Tag, 1..=100, Lines::One
}

/// Which events are wanted; everything that is given must be so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Each of the words stands in the title, the description or the location, compared without case.
    pub search: Option<SearchWords>,
    /// They begin at that moment or later.
    pub from: Option<Timestamp>,
    /// They begin before that moment.
    pub to: Option<Timestamp>,
    /// `metadata.tags` is that text, or an array that has it; compared with case.
    pub tag: Option<Tag>,
    /// There are tickets to be had.
    pub available: bool,
}

impl EventFilter {
    /// Whether the words that are looked for stand in the event.
    pub fn has_words(&self, event: &Event) -> bool {
        let (title, description) = (event.title.as_str(), event.description.as_str());
        let texts = [title, description, event.location.as_str()];
        self.search
            .as_ref()
            .is_none_or(|search| search.stand_in(&texts))
    }

    /// Whether a store has to look into event after event: no index knows words or tickets.
    pub fn looks_into_events(&self) -> bool {
        self.search.is_some() || self.available
    }

    /// Whether every event is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// In which order events come. Those of one date are ordered by id, in the same direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EventOrder {
    /// By date, the earliest first.
    #[default]
    EarliestFirst,
    /// By date, the latest first.
    LatestFirst,
}

impl EventOrder {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::EarliestFirst, Self::LatestFirst];

    /// The name by which clients ask for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EarliestFirst => "date",
            Self::LatestFirst => "-date",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Result<Self, InvalidValue> {
        let mut all = Self::ALL.into_iter();
        all.find(|order| order.name() == name)
            .ok_or(InvalidValue::NotAnOrder)
    }
}

/// A list of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Which events are in it.
    pub filter: EventFilter,
    /// In which order.
    pub order: EventOrder,
}

impl EventQuery {
    /// The list, for its cursors.
    pub fn scope(&self) -> ListScope {
        let filter = &self.filter;
        let search = filter.search.as_ref().map(|search| search.folded());
        let (from, to) = (filter.from, filter.to);
        let (from, to) = (from.map(|at| at.to_string()), to.map(|at| at.to_string()));
        let available = filter.available.then_some("available");
        ListScope::new(
            "events",
            [
                search.as_deref(),
                from.as_deref(),
                to.as_deref(),
                filter.tag.as_ref().map(Tag::as_str),
                available,
                Some(self.order.name()),
            ],
        )
    }
}

impl Event {
    /// Its place in lists.
    pub fn position(&self) -> Moment {
        Moment {
            at: self.date,
            id: self.id.bytes(),
        }
    }
}

/// A part of a list of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventList {
    /// The events.
    pub events: Stretch<Event, Moment>,
    /// How many the whole list has; of a walk by cursor nobody counts them.
    pub total: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_by_its_name() {
        for order in EventOrder::ALL {
            assert_eq!(EventOrder::parse(order.name()), Ok(order));
        }
        for bad in ["", "Date", "+date", "title"] {
            assert_eq!(EventOrder::parse(bad), Err(InvalidValue::NotAnOrder));
        }
    }

    #[test]
    fn every_filter_and_order_makes_another_list() {
        let moment = || Some(Timestamp::from_millis(0));
        let by = |filter| EventQuery {
            filter,
            ..EventQuery::default()
        };
        let none = EventFilter::default;
        let search = |words| Some(SearchWords::parse(words).unwrap());
        let lists = [
            by(none()),
            by(EventFilter {
                search: search("a"),
                ..none()
            }),
            by(EventFilter {
                search: search("a b"),
                ..none()
            }),
            by(EventFilter {
                from: moment(),
                ..none()
            }),
            by(EventFilter {
                to: moment(),
                ..none()
            }),
            by(EventFilter {
                tag: Some(Tag::parse("a").unwrap()),
                ..none()
            }),
            by(EventFilter {
                available: true,
                ..none()
            }),
            EventQuery {
                order: EventOrder::LatestFirst,
                ..EventQuery::default()
            },
        ];
        for (n, one) in lists.iter().enumerate() {
            for (m, other) in lists.iter().enumerate() {
                assert_eq!(one.scope() == other.scope(), n == m, "{one:?} {other:?}");
            }
        }
    }
}
