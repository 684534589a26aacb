//! The `parquet` crate panics on some files that are damaged where it does not look: here a
//! panic becomes a message.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is caught here, and nobody's to be told of.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body`; a panic in it comes back as its message, and prints nothing.
pub(super) fn guarded<R>(body: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    GUARDED.set(true);
    // what `body` had begun is thrown away with the error
    let result = catch_unwind(AssertUnwindSafe(body));
    GUARDED.set(false);
    result.map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or("a panic".into(), |text| text.to_string()),
    })
}
