//! Calls that share a round trip.
//!
//! Calls that arrive while a group is on its way form the next group. There is no timer: a lone call
//! is a group of its own and goes at once, and groups grow only when there is more to do than one
//! round trip after the other can carry. Where groups do not get in each other's way, a crowd may have a
//! second one on its way beside the first ([`Lanes`]).

mod meter;
mod reads;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use self::meter::GroupMeter;
use crate::runtime::Spawner;

pub use reads::{GroupRead, GroupResult, GroupedReads};

/// Carries out a group of calls; one answer for each, in the same order.
pub type GroupWork<I, O> = Box<dyn Fn(Vec<I>) -> BoxFuture<'static, Vec<O>> + Send + Sync>;

/// Why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// As many wait already as may.
    #[error("too many are waiting")]
    Full,
    /// The group that the call was in broke off: its outcome is unknown.
    #[error("the group broke off")]
    BrokenOff,
}

/// How large groups may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// The most calls of one group; with 1 there are no groups, and calls run beside each other.
    pub most: usize,
    /// The most calls that wait for a group at any moment.
    pub waiting: usize,
}

/// What a booking service starts with: groups far larger than a moment's crowd, and a queue that a
/// second empties.
impl Default for GroupLimits {
    fn default() -> Self {
        Self {
            most: 256,
            waiting: 8_192,
        }
    }
}

/// How many groups may be on their way beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    /// The most groups at once.
    pub most: usize,
    /// A group more begins only when at least so many calls wait: two small ones beside each other cost
    /// more than a large one.
    pub worth: usize,
}

impl Lanes {
    /// One group after the other.
    pub const ONE: Self = Self { most: 1, worth: 1 };

    /// Whether another group may begin beside `running` ones when `waiting` calls wait.
    fn allow(self, running: usize, waiting: usize) -> bool {
        running == 0 || (running < self.most && waiting >= self.worth)
    }
}

/// Groups calls, first come, first served.
pub struct Groups<I, O> {
    inner: Arc<Inner<I, O>>,
}

struct Inner<I, O> {
    work: GroupWork<I, O>,
    limits: GroupLimits,
    lanes: Lanes,
    spawner: Arc<dyn Spawner>,
    queue: Mutex<Queue<I, O>>,
    meter: GroupMeter,
}

struct Queue<I, O> {
    /// How many tasks are carrying out groups.
    running: usize,
    waiting: VecDeque<(I, oneshot::Sender<O>)>,
}

impl<I: Send + 'static, O: Send + 'static> Groups<I, O> {
    /// Groups within `limits`, one after the other, each carried out by `work`; measured as `kind`.
    pub fn new(
        kind: &'static str,
        spawner: Arc<dyn Spawner>,
        limits: GroupLimits,
        work: GroupWork<I, O>,
    ) -> Self {
        Self::beside(kind, spawner, limits, Lanes::ONE, work)
    }

    /// The same with as many groups at once as `lanes` say.
    pub fn beside(
        kind: &'static str,
        spawner: Arc<dyn Spawner>,
        limits: GroupLimits,
        lanes: Lanes,
        work: GroupWork<I, O>,
    ) -> Self {
        let queue = Mutex::new(Queue {
            running: 0,
            waiting: VecDeque::new(),
        });
        let inner = Inner {
            work,
            limits,
            lanes,
            spawner,
            queue,
            meter: GroupMeter::new(kind, limits.waiting),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Puts a call into the next group. The answer may be waited for or not: the call is carried out
    /// in either case.
    pub fn join(&self, call: I) -> Result<oneshot::Receiver<O>, GroupError> {
        let (sender, receiver) = oneshot::channel();
        let starts = {
            let mut queue = self.inner.queue();
            if queue.waiting.len() >= self.inner.limits.waiting {
                self.inner.meter.refused();
                return Err(GroupError::Full);
            }
            queue.waiting.push_back((call, sender));
            self.inner.meter.waiting(queue.waiting.len());
            queue.starts(&self.inner)
        };
        if starts {
            let inner = Arc::clone(&self.inner);
            let task = Box::pin(async move { inner.run().await });
            self.inner.spawner.spawn(task);
        }
        Ok(receiver)
    }

    /// Puts a call into the next group and waits for its answer.
    pub async fn ask(&self, call: I) -> Result<O, GroupError> {
        self.join(call)?.await.map_err(|_| GroupError::BrokenOff)
    }
}

impl<I, O> Queue<I, O> {
    /// Whether the call that just came has to start a task; one for itself alone without grouping.
    fn starts(&mut self, inner: &Inner<I, O>) -> bool {
        if inner.limits.most == 1 {
            return true;
        }
        let starts = inner.lanes.allow(self.running, self.waiting.len());
        self.running += usize::from(starts);
        starts
    }
}

impl<I: Send + 'static, O: Send + 'static> Inner<I, O> {
    /// Carries out group after group until nobody waits; without grouping, one call.
    async fn run(&self) {
        if self.limits.most == 1 {
            let call = {
                let mut queue = self.queue();
                let call = queue.waiting.pop_front();
                self.meter.waiting(queue.waiting.len());
                call
            };
            if let Some(call) = call {
                self.carry_out(vec![call]).await;
            }
            return;
        }
        let mut running = Running {
            inner: self,
            ended: false,
        };
        while let Some(group) = running.next() {
            self.carry_out(group).await;
        }
    }

    async fn carry_out(&self, group: Vec<(I, oneshot::Sender<O>)>) {
        self.meter.group(group.len());
        let (calls, senders): (Vec<I>, Vec<_>) = group.into_iter().unzip();
        let answers = (self.work)(calls).await;
        for (sender, answer) in senders.into_iter().zip(answers) {
            // Whoever hung up needs no answer.
            let _ = sender.send(answer);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue<I, O>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets a later call start a task of its own if this one breaks off in the middle of a group.
struct Running<'a, I, O> {
    inner: &'a Inner<I, O>,
    ended: bool,
}

impl<I: Send + 'static, O: Send + 'static> Running<'_, I, O> {
    /// The next group; `None` when nobody waits, and then a later call starts a task of its own.
    fn next(&mut self) -> Option<Vec<(I, oneshot::Sender<O>)>> {
        let mut queue = self.inner.queue();
        let count = queue.waiting.len().min(self.inner.limits.most);
        if count == 0 {
            queue.running -= 1;
            self.ended = true;
            return None;
        }
        let group = queue.waiting.drain(..count).collect();
        self.inner.meter.waiting(queue.waiting.len());
        Some(group)
    }
}

impl<I, O> Drop for Running<'_, I, O> {
    fn drop(&mut self) {
        if !self.ended {
            let mut queue = self
                .inner
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            queue.running -= 1;
            if queue.running == 0 {
                // Their senders go: whoever waits learns that no answer comes.
                queue.waiting.clear();
                self.inner.meter.waiting(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;
    use crate::test_runtime::runtime;

    type Seen = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Each group takes a second and answers with ten times the call.
    fn slow(most: usize, waiting: usize) -> (Groups<u32, u32>, Seen) {
        slow_beside(GroupLimits { most, waiting }, Lanes::ONE)
    }

    fn slow_beside(limits: GroupLimits, lanes: Lanes) -> (Groups<u32, u32>, Seen) {
        let (runtime, seen) = (runtime(), Seen::default());
        let (timer, noted) = (runtime.timer, seen.clone());
        let work: GroupWork<u32, u32> = Box::new(move |calls| {
            noted.lock().unwrap().push(calls.clone());
            let timer = timer.clone();
            Box::pin(async move {
                timer.sleep(Duration::from_secs(1)).await;
                calls.into_iter().map(|call| call * 10).collect()
            })
        });
        let groups = Groups::beside("test", runtime.spawner, limits, lanes, work);
        (groups, seen)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_during_a_group_form_the_next_one_in_order() {
        let (groups, seen) = slow(3, 100);
        let first = groups.join(1).unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let later = (2..=6).map(|call| groups.ask(call));
        let answers = join_all(later).await;
        assert_eq!(first.await, Ok(10));
        assert_eq!(answers, [Ok(20), Ok(30), Ok(40), Ok(50), Ok(60)]);
        assert_eq!(*seen.lock().unwrap(), [vec![1], vec![2, 3, 4], vec![5, 6]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lone_call_waits_for_nobody() {
        let (groups, _) = slow(100, 100);
        let start = tokio::time::Instant::now();
        assert_eq!(groups.ask(1).await, Ok(10));
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_has_as_many_groups_at_once_as_there_are_lanes() {
        let limits = GroupLimits {
            most: 100,
            waiting: 100,
        };
        let (groups, seen) = slow_beside(limits, Lanes { most: 2, worth: 3 });
        let start = tokio::time::Instant::now();
        let first = groups.join(1).unwrap();
        tokio::task::yield_now().await;
        let others = join_all((2..=6).map(|call| groups.ask(call))).await;
        assert_eq!(others, [Ok(20), Ok(30), Ok(40), Ok(50), Ok(60)]);
        // Two waited for a third; what came then had to wait for one of the two that were on their way.
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        assert_eq!(first.await, Ok(10));
        let mut seen = seen.lock().unwrap().clone();
        seen.sort();
        assert_eq!(seen, [vec![1], vec![2, 3, 4, 5, 6]]);
    }

    #[tokio::test(start_paused = true)]
    async fn lanes_are_never_more_than_there_may_be() {
        let limits = GroupLimits {
            most: 2,
            waiting: 100,
        };
        let (groups, seen) = slow_beside(limits, Lanes { most: 2, worth: 1 });
        let start = tokio::time::Instant::now();
        let answers = join_all((1..=8).map(|call| groups.ask(call))).await;
        assert_eq!(answers.len(), 8);
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        assert_eq!(seen.lock().unwrap().len(), 4);
        // All lanes are free again.
        let start = tokio::time::Instant::now();
        assert_eq!(groups.ask(9).await, Ok(90));
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn groups_of_one_run_beside_each_other() {
        let (groups, seen) = slow(1, 100);
        let start = tokio::time::Instant::now();
        let answers = join_all((1..=5).map(|call| groups.ask(call))).await;
        assert_eq!(answers.len(), 5);
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        assert!(seen.lock().unwrap().iter().all(|group| group.len() == 1));
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_bound_a_call_is_refused_at_once() {
        let (groups, _) = slow(2, 3);
        let first = groups.join(1).unwrap();
        tokio::task::yield_now().await;
        let waiting: Vec<_> = (2..=4).map(|call| groups.join(call).unwrap()).collect();
        assert_eq!(groups.join(5).err(), Some(GroupError::Full));
        assert_eq!(first.await, Ok(10));
        // There is room again.
        assert_eq!(groups.ask(6).await, Ok(60));
        for (answer, call) in waiting.into_iter().zip(2..) {
            assert_eq!(answer.await, Ok(call * 10));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_hangs_up_leaves_no_hole() {
        let (groups, seen) = slow(2, 100);
        let first = groups.join(1).unwrap();
        tokio::task::yield_now().await;
        drop(groups.join(2).unwrap());
        let third = groups.join(3).unwrap();
        drop(first);
        assert_eq!(third.await, Ok(30));
        // What was begun is carried out, also for one who does not listen any more.
        assert_eq!(*seen.lock().unwrap(), [vec![1], vec![2, 3]]);
    }

    #[tokio::test]
    async fn a_group_that_breaks_off_is_told_and_the_next_ones_go_on() {
        let runtime = runtime();
        let work: GroupWork<u32, u32> = Box::new(|calls| {
            Box::pin(async move {
                assert_ne!(calls[0], 0, "broken on purpose");
                calls
            })
        });
        let limits = GroupLimits {
            most: 10,
            waiting: 10,
        };
        let groups = Groups::new("test", runtime.spawner, limits, work);
        assert_eq!(groups.ask(0).await, Err(GroupError::BrokenOff));
        assert_eq!(groups.ask(7).await, Ok(7));
    }
}
