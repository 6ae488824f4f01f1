//! Reads that share a round trip.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::error::StoreError;
use crate::runtime::Spawner;

/// Reads the values of a group of different keys at once; a key without a value is missing.
pub type GroupRead<K, V> =
    Box<dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, StoreError>> + Send + Sync>;

/// What a read of a group came to, for one of its callers. The error is shared by all of them.
pub type GroupResult<V> = Result<Option<V>, Arc<StoreError>>;

/// Lets calls that arrive while a read is on its way share the next one. That one starts after they
/// arrived, so nobody gets an answer older than his question, and nobody waits for a timer: a lone
/// call is read at once.
pub struct GroupedReads<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    read: GroupRead<K, V>,
    most: usize,
    spawner: Arc<dyn Spawner>,
    queue: Mutex<Queue<K, V>>,
}

struct Queue<K, V> {
    reading: bool,
    waiting: Vec<Waiting<K, V>>,
}

/// Who waits for what.
type Waiting<K, V> = (K, oneshot::Sender<GroupResult<V>>);

impl<K, V> GroupedReads<K, V>
where
    K: Eq + Hash + Copy + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Groups of at most `most` calls, each read by `read`.
    pub fn new(spawner: Arc<dyn Spawner>, most: usize, read: GroupRead<K, V>) -> Self {
        let queue = Mutex::new(Queue {
            reading: false,
            waiting: Vec::new(),
        });
        Self {
            inner: Arc::new(Inner {
                read,
                most,
                spawner,
                queue,
            }),
        }
    }

    /// Asks for the value of `key`, read after this call; the answer may be waited for or not.
    pub fn ask(&self, key: K) -> oneshot::Receiver<GroupResult<V>> {
        let (sender, receiver) = oneshot::channel();
        let starts = {
            let mut queue = self
                .inner
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            queue.waiting.push((key, sender));
            !std::mem::replace(&mut queue.reading, true)
        };
        if starts {
            let inner = Arc::clone(&self.inner);
            self.inner
                .spawner
                .spawn(Box::pin(async move { inner.run().await }));
        }
        receiver
    }
}

impl<K, V> Inner<K, V>
where
    K: Eq + Hash + Copy + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Reads group after group until nobody waits.
    async fn run(&self) {
        let mut reading = Reading {
            inner: self,
            ended: false,
        };
        while let Some(group) = reading.next() {
            let mut keys: Vec<K> = Vec::with_capacity(group.len());
            let mut seen = std::collections::HashSet::with_capacity(group.len());
            keys.extend(
                group
                    .iter()
                    .map(|(key, _)| *key)
                    .filter(|key| seen.insert(*key)),
            );
            let values = (self.read)(keys).await.map_err(Arc::new);
            for (key, sender) in group {
                let value = values.as_ref().map(|found| found.get(&key).cloned());
                // Whoever hung up needs no answer.
                let _ = sender.send(value.map_err(Arc::clone));
            }
        }
    }
}

/// Lets the next call start a task of its own if this one breaks off in the middle of a read.
struct Reading<'a, K, V> {
    inner: &'a Inner<K, V>,
    ended: bool,
}

impl<K, V> Reading<'_, K, V> {
    /// The next group; `None` when nobody waits, and then the next call starts a task of its own.
    fn next(&mut self) -> Option<Vec<Waiting<K, V>>> {
        let mut queue = self
            .inner
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = queue.waiting.len().min(self.inner.most);
        if count == 0 {
            queue.reading = false;
            self.ended = true;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}

impl<K, V> Drop for Reading<'_, K, V> {
    fn drop(&mut self) {
        if !self.ended {
            let mut queue = self
                .inner
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            queue.reading = false;
            // Their senders go: whoever waits learns that no answer comes.
            queue.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_runtime::runtime;

    type Seen = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Reads take a second each and say what they were asked for.
    fn slow_reads(most: usize) -> (GroupedReads<u32, u32>, Seen) {
        let (runtime, seen) = (runtime(), Seen::default());
        let (timer, noted) = (runtime.timer, seen.clone());
        let read: GroupRead<u32, u32> = Box::new(move |keys| {
            noted.lock().unwrap().push(keys.clone());
            let timer = timer.clone();
            Box::pin(async move {
                timer.sleep(Duration::from_secs(1)).await;
                Ok(keys
                    .into_iter()
                    .filter(|key| *key != 0)
                    .map(|key| (key, key * 10))
                    .collect())
            })
        });
        (GroupedReads::new(runtime.spawner, most, read), seen)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_during_a_read_share_the_next_one() {
        let (reads, seen) = slow_reads(100);
        let first = reads.ask(1);
        tokio::time::sleep(Duration::from_millis(500)).await;
        // The read on its way began before these were asked: they must not get its answer.
        let later: Vec<_> = [1, 2, 2, 0].into_iter().map(|key| reads.ask(key)).collect();
        assert_eq!(first.await.unwrap().unwrap(), Some(10));
        let mut answers = Vec::new();
        for answer in later {
            answers.push(answer.await.unwrap().unwrap());
        }
        assert_eq!(answers, [Some(10), Some(20), Some(20), None]);
        assert_eq!(*seen.lock().unwrap(), [vec![1], vec![1, 2, 0]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_group_is_bounded_and_the_rest_is_the_next_group() {
        let (reads, seen) = slow_reads(2);
        let asked: Vec<_> = (1..=5).map(|key| reads.ask(key)).collect();
        for answer in asked {
            assert!(answer.await.unwrap().unwrap().is_some());
        }
        assert!(seen.lock().unwrap().iter().all(|keys| keys.len() <= 2));
    }
}
