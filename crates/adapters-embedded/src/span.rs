//! The part of an index that a page of a list is read from.

use domain::cursor::Moment;
use domain::time::Timestamp;

/// Which way an index is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The earliest moment first.
    Up,
    /// The latest moment first.
    Down,
}

impl Direction {
    /// As SQL has it.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Up => "ASC",
            Self::Down => "DESC",
        }
    }
}

/// What bounds the moments of a walk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// At that moment or later.
    pub(crate) from: Option<Timestamp>,
    /// Before that moment.
    pub(crate) until: Option<Timestamp>,
    /// Behind that row.
    pub(crate) after: Option<Moment>,
}

impl Span {
    /// The same rows, with one bound at most on the side that the walk begins at.
    ///
    /// SQLite searches an index by one bound a side and steps over what another one there leaves out. Were
    /// both given, the client's and the cursor's, it might search by the client's: then a page would cost
    /// the more the deeper it lies.
    pub(crate) fn walked(self, direction: Direction) -> Self {
        let Some(after) = self.after else {
            return self;
        };
        let inside = match direction {
            Direction::Up => self.from.is_none_or(|from| from <= after.at),
            Direction::Down => self.until.is_none_or(|until| after.at < until),
        };
        match (inside, direction) {
            (false, _) => Self {
                after: None,
                ..self
            },
            (true, Direction::Up) => Self { from: None, ..self },
            (true, Direction::Down) => Self {
                until: None,
                ..self
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn kept(after: i64, direction: Direction) -> [bool; 3] {
        let after = Some(Moment {
            at: at(after),
            id: [1; 12],
        });
        let span = Span {
            from: Some(at(10)),
            until: Some(at(20)),
            after,
        };
        let walked = span.walked(direction);
        [
            walked.from.is_some(),
            walked.until.is_some(),
            walked.after.is_some(),
        ]
    }

    #[test]
    fn the_closer_bound_is_kept_on_the_side_that_the_walk_begins_at() {
        for (after, direction, expected) in [
            (9, Direction::Up, [true, true, false]),
            (10, Direction::Up, [false, true, true]),
            (15, Direction::Up, [false, true, true]),
            // The other side stays, even if nothing is left in between.
            (30, Direction::Up, [false, true, true]),
            (20, Direction::Down, [true, true, false]),
            (19, Direction::Down, [true, false, true]),
            (5, Direction::Down, [true, false, true]),
        ] {
            assert_eq!(kept(after, direction), expected, "{after} {direction:?}");
        }
    }

    #[test]
    fn without_a_cursor_everything_stays() {
        for direction in [Direction::Up, Direction::Down] {
            let span = || Span {
                from: Some(at(1)),
                until: Some(at(2)),
                after: None,
            };
            assert_eq!(span().walked(direction), span());
        }
    }
}
