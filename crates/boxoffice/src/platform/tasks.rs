//! Tasks on the process's own runtime, whichever thread asks for them.

use std::time::Duration;

use domain::runtime::{Spawner, Task};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Starts tasks and can wait for all of them.
///
/// The HTTP server's threads have runtimes of their own, which end with it; work that must come to
/// its end runs on the process's runtime.
pub(crate) struct Tasks {
    runtime: Handle,
    tracker: TaskTracker,
}

impl Tasks {
    /// Tasks on the runtime of the caller.
    pub(crate) fn new() -> Self {
        Self {
            runtime: Handle::current(),
            tracker: TaskTracker::new(),
        }
    }

    /// Waits until all tasks have ended, at most `patience`; whether they did.
    pub(crate) async fn finish(&self, patience: Duration) -> bool {
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait())
            .await
            .is_ok()
    }
}

impl Spawner for Tasks {
    fn spawn(&self, task: Task) {
        self.tracker.spawn_on(task, &self.runtime);
    }
}
