//! The report: one HTML page that needs no network, made from an outcome.
//! Lives here: the choice of figures, what they say, and the page with its data and assets.
//! May not: run or measure anything new that another table would need, nor read or write files.
//!
//! ```text
//! Outcome ─► data     thinned, packed numbers      ─┐
//!         ─► figures  titles, axes, captions        ├─► page ─► report.html
//!         ─► findings what came out, in words      ─┤   (template, css, js, charts inlined)
//!         ─► tiles    key figures                  ─┘
//! ```

mod captions;
mod comparison;
mod data;
mod error;
mod figures;
mod findings;
mod fits;
mod hives;
mod map;
mod origins;
mod pack;
mod page;
mod payload;
mod sections;
mod side_by_side;
mod spread;
mod text;
mod tiles;
mod toml_html;

pub use comparison::render_comparison;
pub use error::ReportError;
pub use page::render;
pub use side_by_side::render_side_by_side;
