//! `hivesim completions`: what a shell knows of the command line.

use super::{Cli, Failure, print};
use clap::{Args, Command, CommandFactory as _};
use clap_complete::{Shell, generate};

const AFTER_HELP: &str = "\
Where it goes:
  bash        hivesim completions bash > ~/.local/share/bash-completion/completions/hivesim
  zsh         hivesim completions zsh > _hivesim         in a folder of $fpath
  fish        hivesim completions fish > ~/.config/fish/completions/hivesim.fish
  powershell  hivesim completions powershell >> $PROFILE
  elvish      hivesim completions elvish >> ~/.config/elvish/rc.elv";

/// Arguments of `hivesim completions`.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Runs `hivesim completions`.
pub(super) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut command = offered(&Cli::command());
    let name = command.get_name().to_string();
    let mut script = Vec::new();
    generate(args.shell, &mut command, name, &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// The command line without the commands that are hidden, which the generators would offer.
fn offered(command: &Command) -> Command {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    Command::new("hivesim")
        .version(env!("CARGO_PKG_VERSION"))
        .args(command.get_arguments().cloned())
        .subcommands(shown.cloned())
}
