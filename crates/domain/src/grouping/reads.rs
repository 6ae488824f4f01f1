//! Reads that share a round trip.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{GroupLimits, Groups};
use crate::error::StoreError;
use crate::runtime::Spawner;

/// Reads the values of a group of different keys at once; a key without a value is missing.
pub type GroupRead<K, V> =
    Box<dyn Fn(Vec<K>) -> BoxFuture<'static, Result<HashMap<K, V>, StoreError>> + Send + Sync>;

/// What a read of a group came to, for one of its callers. The error is shared by all of them.
pub type GroupResult<V> = Result<Option<V>, Arc<StoreError>>;

/// Lets calls that arrive while a read is on its way share the next one. That one starts after they
/// arrived, so nobody gets an answer older than his question.
pub struct GroupedReads<K, V> {
    groups: Groups<K, GroupResult<V>>,
}

impl<K, V> GroupedReads<K, V>
where
    K: Eq + Hash + Copy + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Groups of at most `most` calls, each read by `read`, measured as `kind`.
    pub fn new(
        kind: &'static str,
        spawner: Arc<dyn Spawner>,
        most: usize,
        read: GroupRead<K, V>,
    ) -> Self {
        let limits = GroupLimits {
            most,
            waiting: usize::MAX,
        };
        let read = Arc::new(read);
        let work = Box::new(move |asked: Vec<K>| {
            let read = Arc::clone(&read);
            let answers: BoxFuture<'static, _> = Box::pin(async move {
                let mut seen = HashSet::with_capacity(asked.len());
                let keys = asked.iter().copied().filter(|key| seen.insert(*key));
                let values = read(keys.collect()).await.map_err(Arc::new);
                let value = |key: &K| match &values {
                    Ok(found) => Ok(found.get(key).cloned()),
                    Err(error) => Err(Arc::clone(error)),
                };
                asked.iter().map(value).collect()
            });
            answers
        });
        Self {
            groups: Groups::new(kind, spawner, limits, work),
        }
    }

    /// Asks for the value of `key`, read after this call; the answer may be waited for or not.
    pub fn ask(&self, key: K) -> oneshot::Receiver<GroupResult<V>> {
        // Nothing bounds how many may wait, so nobody is refused; and a closed channel says the same.
        self.groups
            .join(key)
            .unwrap_or_else(|_| oneshot::channel().1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
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
        (GroupedReads::new("test", runtime.spawner, most, read), seen)
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
