//! The admins: they change capacities and delete events, one after the other or over each other.

use std::time::Duration;

use domain::event::{Capacity, EventChange, EventId, EventUseCases, ExpectedRevision};
use tokio::time::{Instant, sleep};

use super::{ADMIN, Load, TRIES, done, origin};

impl Load {
    pub(super) async fn resize_some(&self) {
        let dice = self.dice();
        for turn in 0..dice.between(0, 4) {
            let (event, wait) = self.where_and_when(turn);
            sleep(wait).await;
            let total = i64::try_from(dice.between(1, 14)).unwrap_or(1);
            if let Ok(capacity) = Capacity::new(total) {
                let expected = self.expected(event).await;
                self.resize(event, capacity, expected).await;
            }
        }
    }

    /// The revision that an admin has seen, and thought about for a while; or any.
    async fn expected(&self, event: EventId) -> ExpectedRevision {
        let dice = self.dice();
        if dice.chance(400) {
            return ExpectedRevision::Any;
        }
        let seen = self
            .ask(|instance| async move { instance.events.fetch(event).await })
            .await;
        let Some(Ok(Some(seen))) = seen else {
            return ExpectedRevision::Any;
        };
        sleep(dice.millis(0, 300)).await;
        ExpectedRevision::OneOf(vec![seen.version.revision])
    }

    async fn resize(&self, event: EventId, capacity: Capacity, expected: ExpectedRevision) {
        let (since, total) = (Instant::now(), capacity.get());
        self.answers.may_have(event, total);
        let change = EventChange {
            capacity: Some(capacity),
            ..EventChange::default()
        };
        let wanted = expected.clone();
        let answer = self
            .ask(|instance| async move {
                instance
                    .events
                    .update(event, change, wanted, ADMIN, None, &origin())
                    .await
            })
            .await;
        if let Some(answer) = answer {
            let asked = format!("resizes {event} to {total} if {expected:?}");
            self.note(&asked, &answer, done);
            self.answers.resize(event, total, &expected, since, &answer);
        }
    }

    pub(super) async fn delete_some(&self) {
        let dice = self.dice();
        if let Some((event, at)) = self.doomed {
            sleep(Duration::from_millis(at)).await;
            for _ in 0..dice.between(1, TRIES as u64) {
                self.delete(event).await;
                sleep(dice.millis(0, 500)).await;
            }
        }
        if dice.chance(200) {
            sleep(dice.millis(0, self.span / 2)).await;
            self.delete(dice.pick(&self.events)).await;
        }
    }

    async fn delete(&self, event: EventId) {
        let expected = self.expected(event).await;
        let (since, wanted) = (Instant::now(), expected.clone());
        let answer = self
            .ask(|instance| async move {
                instance
                    .events
                    .delete(event, wanted, ADMIN, None, &origin())
                    .await
            })
            .await;
        if let Some(answer) = answer {
            let asked = format!("deletes {event} if {expected:?}");
            self.note(&asked, &answer, done);
            self.answers.delete(event, &expected, since, &answer);
        }
    }
}
