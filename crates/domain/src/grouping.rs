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
    waiting: Vec<(K, oneshot::Sender<GroupResult<V>>)>,
}

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
        while let Some(group) = self.next() {
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

    fn next(&self) -> Option<Vec<(K, oneshot::Sender<GroupResult<V>>)>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let count = queue.waiting.len().min(self.most);
        if count == 0 {
            queue.reading = false;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}
