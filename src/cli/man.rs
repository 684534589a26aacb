//! `hivesim man`: the pages of the manual, made of the same text as `--help`.

use super::{Cli, Failure, failed, print};
use crate::record::write_page;
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The first line of a page, by which it is known again.
const MARK: &str = ".\\\" Made by `hivesim man`.\n";

const AFTER_HELP: &str = "\
Examples:
  hivesim man | man -l -                  read the main page
  hivesim man ~/.local/share/man/man1     from then on: man hivesim, man hivesim-run, ...

Pages that it wrote earlier are replaced, each whole or not at all. Where a file of a page's
name is none of these, nothing is written.

Exit codes: 0 fine, 1 failed, 2 bad input";

/// Arguments of `hivesim man`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ManArgs {
    /// A folder for one page a command; it is made where there is none. Without it the main page is
    /// printed.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Runs `hivesim man`.
pub(super) fn run(args: &ManArgs) -> Result<(), Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    match &args.folder {
        None => print(&page(&command)?),
        Some(folder) => write(&command, folder),
    }
}

fn write(command: &Command, folder: &Path) -> Result<(), Failure> {
    let mut pages = Vec::new();
    collect(command, &mut pages)?;
    fs::create_dir_all(folder).map_err(|e| failing("make", folder, &e))?;
    for (name, _) in &pages {
        let path = folder.join(name);
        if !is_free(&path)? {
            let path = path.display();
            let text = format!(
                "{path} is no page that `hivesim man` wrote: move it away, or name another folder"
            );
            return Err(Failure::BadInput(text));
        }
    }
    for (name, page) in &pages {
        write_page(&folder.join(name), page).map_err(failed)?;
    }
    print(&format!("{}: {} pages\n", folder.display(), pages.len()))
}

/// The pages of a command and of all below it that are not hidden, with the names of their files.
fn collect(command: &Command, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    pages.push((format!("{name}.1"), page(command)?));
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| collect(command, pages))
}

/// A page. What stands after the options in `--help` is laid out by hand, and stays so.
fn page(command: &Command) -> Result<String, Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_string();
    let notes = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    let man = Man::new(command.clone())
        .title(name)
        .source(concat!("hivesim ", env!("CARGO_PKG_VERSION")))
        .manual("hivesim");
    let mut page = MARK.as_bytes().to_vec();
    let written = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page))
        .and_then(|()| match command.has_subcommands() {
            true => man.render_subcommands_section(&mut page),
            false => Ok(()),
        });
    written.map_err(failed)?;
    let mut page = String::from_utf8(page).map_err(failed)?;
    if let Some(notes) = notes {
        page.push_str(".SH NOTES\n.nf\n");
        notes.lines().for_each(|line| page.push_str(&(verbatim(line) + "\n")));
        page.push_str(".fi\n");
    }
    Ok(page)
}

/// A line of text that a formatter of manuals leaves as it is.
fn verbatim(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    // a line that begins with a dot would be a request
    if line.starts_with('.') { format!("\\&{line}") } else { line }
}

/// Whether a page may be written here: nothing is there, or an earlier page.
fn is_free(path: &Path) -> Result<bool, Failure> {
    match fs::read(path) {
        Ok(there) => Ok(there.starts_with(MARK.as_bytes())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(_) if path.is_dir() => Ok(false),
        Err(e) => Err(failing("read", path, &e)),
    }
}

fn failing(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot {what} {}: {error}", path.display()))
}
