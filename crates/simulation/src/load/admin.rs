//! The admin: changes capacities and deletes events.

use std::time::Duration;

use domain::event::{Capacity, EventChange, EventId, EventUseCases, ExpectedRevision};
use tokio::time::{Instant, sleep};

use super::{ADMIN, Load, TRIES, done, origin};

impl Load {
    pub(super) async fn resize_some(&self) {
        let dice = self.dice();
        for _ in 0..dice.between(0, 4) {
            sleep(dice.millis(0, self.span / 2)).await;
            let event = dice.pick(&self.events);
            let total = i64::try_from(dice.between(1, 14)).unwrap_or(1);
            if let Ok(capacity) = Capacity::new(total) {
                self.resize(event, capacity).await;
            }
        }
    }

    async fn resize(&self, event: EventId, capacity: Capacity) {
        let (since, total) = (Instant::now(), capacity.get());
        self.answers.may_have(event, total);
        let change = EventChange {
            capacity: Some(capacity),
            ..EventChange::default()
        };
        let answer = self
            .ask(|instance| async move {
                instance
                    .events
                    .update(event, change, ExpectedRevision::Any, ADMIN, None, &origin())
                    .await
            })
            .await;
        if let Some(answer) = answer {
            self.note(&format!("resizes {event} to {total}"), &answer, done);
            self.answers.resize(event, total, since, &answer);
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
        let since = Instant::now();
        let answer = self
            .ask(|instance| async move {
                instance
                    .events
                    .delete(event, ExpectedRevision::Any, ADMIN, None, &origin())
                    .await
            })
            .await;
        if let Some(answer) = answer {
            self.note(&format!("deletes {event}"), &answer, done);
            self.answers.delete(event, since, &answer);
        }
    }
}
