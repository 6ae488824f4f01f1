//! Lists of events. Each is walked along an index that has its order, that of a tag if one is asked for;
//! whatever else is asked for is looked at in the events that are met.

use domain::cursor::{Moment, Start};
use domain::event::{Event, EventFilter, EventOrder, EventQuery};
use domain::search::{SearchWord, SearchWords};
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::options::Hint;

use crate::connection::{MongoDatabase, SERVER_LIMIT};
use crate::error::MongoError;
use crate::event_document::{date, event, event_fields};
use crate::schema::event_index;
use crate::walk::{ranges, within};

/// Up to this many events are counted one by one.
const COUNTED: u64 = 10_000;

/// Some events of a list.
pub(crate) async fn list(
    database: &MongoDatabase,
    query: &EventQuery,
    start: Start<Moment>,
    limit: usize,
) -> Result<Vec<Event>, MongoError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let direction = match query.order {
        EventOrder::EarliestFirst => 1,
        EventOrder::LatestFirst => -1,
    };
    let filter = &query.filter;
    let found = database
        .events()
        .find(wanted(filter, direction, start.position()))
        .hint(Hint::Keys(index(filter)))
        .sort(doc! { "date": direction, "_id": direction })
        .skip(start.offset())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .projection(event_fields())
        .max_time(SERVER_LIMIT)
        .await?;
    let found: Vec<Document> = found.try_collect().await?;
    found.into_iter().map(event).collect()
}

/// How many events are wanted.
pub(crate) async fn count(
    database: &MongoDatabase,
    filter: &EventFilter,
) -> Result<u64, MongoError> {
    if filter.is_empty() {
        return count_all(database).await;
    }
    let events = database.events();
    let count = events.count_documents(wanted(filter, 1, None));
    Ok(count
        .hint(Hint::Keys(index(filter)))
        .max_time(SERVER_LIMIT)
        .await?)
}

/// The collection's own counter costs nothing, but after a crash of the server it can be off by what
/// was written in the last minute, and then stays so until an operator repairs it. So what can be
/// counted quickly is counted, in the index of the ids; in a big collection that would cost every
/// list more than its rows.
async fn count_all(database: &MongoDatabase) -> Result<u64, MongoError> {
    let events = database.events();
    let about = events.estimated_document_count().max_time(SERVER_LIMIT);
    let about = about.await?;
    if about > COUNTED {
        return Ok(about);
    }
    let count = events.count_documents(Document::new());
    Ok(count
        .hint(Hint::Keys(doc! { "_id": 1 }))
        .max_time(SERVER_LIMIT)
        .await?)
}

/// The index that is walked.
fn index(filter: &EventFilter) -> Document {
    match filter.tag {
        Some(_) => event_index::tag(),
        None => event_index::date(),
    }
}

fn wanted(filter: &EventFilter, direction: i32, after: Option<Moment>) -> Document {
    let mut wanted = Document::new();
    if let Some(tag) = &filter.tag {
        wanted.insert("metadata.tags", tag.as_str());
    }
    if filter.available {
        wanted.insert("availableTickets", doc! { "$gt": 0 });
    }
    let words = filter.search.iter().flat_map(SearchWords::words);
    let words: Vec<Document> = words.map(stands_somewhere).collect();
    if !words.is_empty() {
        wanted.insert("$and", words);
    }
    let mut span = Document::new();
    if let Some(from) = filter.from {
        span.insert("$gte", date(from));
    }
    if let Some(to) = filter.to {
        span.insert("$lt", date(to));
    }
    within(ranges("date", span, direction, after), &wanted)
}

/// That the word stands in one of the texts, compared without case.
fn stands_somewhere(word: &SearchWord) -> Document {
    let pattern = pattern(word);
    let stands = |field: &str| doc! { field: { "$regex": &pattern, "$options": "i" } };
    doc! { "$or": [stands("title"), stands("description"), stands("location")] }
}

/// The word as a regular expression (PCRE) that means nothing but the word: as it was typed, or as it is
/// folded. The server tells the cases of single letters apart, and to it `İ` has none but itself.
fn pattern(word: &SearchWord) -> String {
    let (typed, folded) = (word.typed(), word.folded());
    match typed.is_ascii() || typed == folded {
        true => escaped(typed),
        false => format!("{}|{}", escaped(typed), escaped(folded)),
    }
}

fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(2 * text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern_of(text: &str) -> String {
        pattern(&SearchWords::parse(text).unwrap().words()[0])
    }

    #[test]
    fn what_means_something_is_escaped() {
        assert_eq!(pattern_of("A.b"), "A\\.b");
        assert_eq!(pattern_of("\\e(ü$"), "\\\\e\\(ü\\$");
    }

    #[test]
    fn a_word_that_is_folded_to_other_letters_is_looked_for_in_both_forms() {
        assert_eq!(pattern_of("İz."), "İz\\.|i\u{307}z\\.");
        assert_eq!(pattern_of("ΟΔΥΣ"), "ΟΔΥΣ|οδυσ");
    }
}
