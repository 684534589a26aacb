//! The report: one HTML page that needs no network, made from an outcome.
//! Lives here: the choice of figures, what they say, and the page with its data and assets.
//! May not: run or measure anything new that another table would need, nor read or write files.
//!
//! ```text
//! Outcome ─► data      thinned, packed numbers         ─┐
//!         ─► map, hives, fits, origins, interference,   │
//!            newcomers, pace, changes                   │
//!                      numbers of one figure and what   ├─► page ─► report.html
//!                      it says                          │   (template, css, js, charts inlined)
//!         ─► sections, knowing, figures
//!                      titles, axes, captions          ─┤
//!         ─► findings  what came out, in words         ─┤
//!         ─► tiles     key figures                     ─┘
//!
//! Outcomes ─► side_by_side   several runs on one page
//! nothing  ─► live           the page of a run under way, which asks for its data
//! ```
//!
//! Pages check themselves in a browser, see `assets/selfcheck.js`.

mod bench;
mod captions;
mod changes;
mod comparison;
mod data;
mod error;
mod figures;
mod findings;
mod fits;
mod hives;
mod interference;
mod knowing;
#[cfg(feature = "serve")]
mod live;
mod map;
mod newcomers;
mod origins;
mod pace;
mod pack;
mod page;
mod payload;
mod sections;
mod side_by_side;
mod spread;
mod stress;
mod sweep;
mod text;
mod tiles;
mod toml_html;
mod views;

pub use bench::render_bench;
pub use comparison::render_comparison;
pub use error::ReportError;
#[cfg(feature = "serve")]
pub(crate) use live::render_live;
#[cfg(feature = "serve")]
pub(crate) use pack::{base64, number};
pub use page::render;
pub use side_by_side::render_side_by_side;
pub use stress::render_stress;
pub use sweep::render_sweep;
