//! Manual pages, completions for shells and the reference of options, all made from the table of subcommands.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Command;

use super::{Outcome, Usage};

/// Options of `manual`.
#[derive(Debug, clap::Args)]
pub(crate) struct ManualArgs {
    /// Print the page of this subcommand; without it that of the program
    #[arg(value_name = "SUBCOMMAND")]
    name: Option<String>,
    /// Write all pages into a folder instead: argus-globe.1, argus-globe-ra.1 …
    #[arg(long, value_name = "FOLDER", conflicts_with = "name")]
    dir: Option<PathBuf>,
}

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompletionArgs {
    /// For which shell
    shell: clap_complete::Shell,
    /// For a link with this tool's name instead of the program itself
    #[arg(value_name = "TOOL")]
    name: Option<String>,
}

/// Prints or writes manual pages.
pub(crate) fn manual(args: &ManualArgs, program: &Command) -> anyhow::Result<Outcome> {
    if let Some(dir) = &args.dir {
        std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        write_page(dir, program, None)?;
        return subcommands(program).try_for_each(|sub| write_page(dir, program, Some(sub))).map(|()| Outcome::Done);
    }
    let sub = args.name.as_deref().map(|name| named(program, name)).transpose()?;
    std::io::stdout().lock().write_all(&page(program, sub)?.1)?;
    Ok(Outcome::Done)
}

/// Prints a completion script.
pub(crate) fn completions(args: &CompletionArgs, program: &Command) -> anyhow::Result<Outcome> {
    let (mut command, name) = match &args.name {
        None => (program.clone(), program.get_name().to_owned()),
        Some(name) => (named(program, name)?.clone(), name.clone()),
    };
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut out);
    std::io::stdout().lock().write_all(&out)?;
    Ok(Outcome::Done)
}

/// The reference of the tools' options, as text in Markdown: one section a subcommand. The globe, which not every build
/// has, is left out, so that every build gives the same.
#[cfg(test)]
pub(super) fn reference(program: &Command) -> Vec<(String, String)> {
    subcommands(program)
        .filter(|sub| sub.get_name() != "globe")
        .map(|sub| {
            let name = sub.get_name().to_owned();
            let mut sub = sub.clone().bin_name(format!("argus-globe {name}")).term_width(100);
            let help = sub.render_long_help().to_string();
            let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
            (name, format!("```text\n{}\n```\n", lines.join("\n").trim()))
        })
        .collect()
}

fn subcommands(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help")
}

fn named<'a>(program: &'a Command, name: &str) -> Result<&'a Command, Usage> {
    let found = subcommands(program).find(|c| c.get_name() == name || c.get_all_aliases().any(|a| a == name));
    found.ok_or_else(|| {
        let known: Vec<&str> = subcommands(program).map(Command::get_name).collect();
        Usage(format!("{name:?} is no subcommand; expected one of {}", known.join(", ")))
    })
}

fn write_page(dir: &Path, program: &Command, sub: Option<&Command>) -> anyhow::Result<()> {
    let (title, text) = page(program, sub)?;
    let path = dir.join(format!("{title}.1"));
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}

/// Title and text of the page of the program or of a subcommand.
fn page(program: &Command, sub: Option<&Command>) -> std::io::Result<(String, Vec<u8>)> {
    let name = program.get_name();
    let (title, shown) = match sub {
        None => (name.to_owned(), name.to_owned()),
        Some(sub) => (format!("{name}-{}", sub.get_name()), format!("{name} {}", sub.get_name())),
    };
    // Subcommands have no version of their own, and tools use -V for something else.
    let command = match sub {
        None => program.clone(),
        Some(sub) => sub.clone().disable_version_flag(true),
    };
    let command = command.display_name(title.clone()).bin_name(shown);
    let mut out = Vec::new();
    clap_mangen::Man::new(command).title(title.to_uppercase()).render(&mut out)?;
    Ok((title, out))
}
