//! The page of a run under way. It holds no data: it asks the server that it came from.

use super::ReportError;
use super::page::{STYLES, fill};
use minijinja::context;

const TEMPLATE: &str = include_str!("assets/live.html");
const STYLE: &str = include_str!("assets/live.css");
/// In the order in which they need one another.
const SCRIPTS: [&str; 8] = [
    include_str!("assets/base.js"),
    include_str!("assets/charts.js"),
    include_str!("assets/live.js"),
    include_str!("assets/live_grid.js"),
    include_str!("assets/live_charts.js"),
    include_str!("assets/live_controls.js"),
    include_str!("assets/live_changes.js"),
    include_str!("assets/live_runs.js"),
];

/// Renders it.
///
/// # Errors
/// Where the template is broken.
pub(crate) fn render_live() -> Result<String, ReportError> {
    let own =
        context! { live => true, style => STYLES.concat() + STYLE, script => SCRIPTS.concat() };
    fill("live.html", TEMPLATE, "{\"figures\":[]}", own)
}
