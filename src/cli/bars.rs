//! Progress on standard error: a bar with rate and time left for each phase; Ctrl-C cancels.

use crate::error::{Error, Result};
use crate::progress::{Go, Progress, Step};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// Set by the first Ctrl-C.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// One bar a phase, on a terminal; a line a phase elsewhere.
pub(super) struct Bars {
    current: Mutex<Option<Phase>>,
}

struct Phase {
    name: String,
    bar: ProgressBar,
}

impl Bars {
    /// From now on Ctrl-C cancels what is reported here; a second one ends the process.
    pub(super) fn new() -> Result<Self> {
        static HANDLER: Once = Once::new();
        let mut installed = Ok(());
        HANDLER.call_once(|| {
            installed = ctrlc::set_handler(|| {
                if STOPPED.swap(true, Ordering::Relaxed) {
                    process::exit(130);
                }
            });
        });
        installed.map_err(|error| Error::Library { library: "ctrlc", message: error.to_string() })?;
        Ok(Self { current: Mutex::new(None) })
    }
}

impl Progress for Bars {
    fn report(&self, step: &Step<'_>) -> Go {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|phase| phase.name != step.phase) {
            if let Some(before) = current.take() {
                before.end();
            }
            *current = Some(Phase::begin(step));
        }
        if let Some(phase) = current.as_ref() {
            phase.show(step);
        }
        if STOPPED.load(Ordering::Relaxed) { Go::Stop } else { Go::On }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(phase) = self.current.lock().unwrap_or_else(PoisonError::into_inner).take() {
            phase.end();
        }
    }
}

impl Phase {
    fn begin(step: &Step<'_>) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target((step.total > 0).then_some(step.total), target);
        bar.set_style(style(step));
        bar.set_prefix(step.phase.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { name: step.phase.to_owned(), bar }
    }

    fn show(&self, step: &Step<'_>) {
        self.bar.set_position(step.done);
        if let Some(loss) = step.loss.filter(|loss| loss.is_finite()) {
            self.bar.set_message(format!("loss {loss:.4}"));
        }
    }

    fn end(self) {
        self.bar.finish();
        if self.bar.is_hidden() {
            let seconds = self.bar.elapsed().as_secs_f64();
            tracing::info!(
                phase = self.name,
                done = self.bar.position(),
                seconds = format!("{seconds:.1}"),
                "done"
            );
        }
    }
}

fn style(step: &Step<'_>) -> ProgressStyle {
    let count = match (step.total > 0, step.unit) {
        (true, "bytes") => "{bar:30} {percent:>3}% {bytes_per_sec}, {eta} left",
        (true, _) => "{bar:30} {percent:>3}% {human_pos} UNIT, {per_sec}, {eta} left",
        (false, "bytes") => "{spinner} {bytes}, {bytes_per_sec}",
        (false, _) => "{spinner} {human_pos} UNIT, {per_sec}",
    };
    let template = format!("{{prefix:<16}} {count} {{msg}}").replace("UNIT", step.unit);
    // The templates above are all there are, and a test reads each.
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one() {
        for (total, unit) in [(1, "bytes"), (0, "bytes"), (1, "words"), (0, "words")] {
            let step = Step { phase: "x", done: 0, total, unit, loss: None };
            let _ = style(&step);
        }
        assert!(
            ProgressStyle::with_template("{bar:30} {percent:>3}% {human_pos} w, {per_sec}, {eta} left {msg}")
                .is_ok()
        );
    }
}
