//! Tasks that can all be ended at once, as a process ends.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::task::AbortHandle;

/// From how many tasks on those that have ended are looked for and forgotten.
const MANY: usize = 64;

/// The tasks of one process.
#[derive(Default)]
pub(crate) struct Tasks(Mutex<State>);

#[derive(Default)]
struct State {
    closed: bool,
    handles: Vec<AbortHandle>,
}

impl Tasks {
    /// Starts a task; a process that has ended starts none.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return;
        }
        if state.handles.len() >= MANY {
            state.handles.retain(|handle| !handle.is_finished());
        }
        state.handles.push(tokio::spawn(work).abort_handle());
    }

    /// Ends all tasks; new ones may come.
    pub(crate) fn abort(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.handles.drain(..).for_each(|handle| handle.abort());
    }

    /// Ends all tasks for good.
    pub(crate) fn close(&self) {
        self.abort();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
    }
}
