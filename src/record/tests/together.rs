//! A result that ranks write together.

use super::directory::names;
use super::*;
use crate::disk::faults::{Fault, error, failing};
use crate::engine::{Link, Threads};
use crate::record::{FileEntry, RecordError, assist_run, read_run, write_run_over};
use std::fs;

/// A fleet whose panel has an agent in each leaf, which are of eight.
fn fleet() -> Outcome {
    let mut outcome = outcome();
    outcome.scenario.fleet.agents = 24;
    let Outcome { hive, bounds, .. } = &mut outcome;
    for trace in [hive, &mut bounds[0].1] {
        trace.panel.iter_mut().zip([2, 9, 20]).for_each(|(member, id)| member.agent = AgentId(id));
    }
    outcome
}

type Written = Result<Vec<FileEntry>, RecordError>;

/// Writes the fleet's run over ranks; `rank` is what each does around its part.
fn write_over(
    path: &Path,
    links: Vec<impl Link>,
    rank: impl Fn(usize, &mut dyn FnMut() -> Written) -> Written + Sync,
) -> Vec<Written> {
    let rank = &rank;
    std::thread::scope(|scope| {
        let begin = |link| {
            scope.spawn(move || {
                let (outcome, link): (_, &dyn Link) = (fleet(), &link);
                let directory = (link.rank() == 0).then(|| RunDirectory::create(path).unwrap());
                rank(link.rank(), &mut || match &directory {
                    None => assist_run(link, &outcome).map(|()| Vec::new()),
                    Some(directory) => write_run_over(
                        link,
                        directory,
                        &outcome,
                        &Histories::of(&outcome),
                        &facts(),
                        "name = \"small\"\n",
                        "<html></html>",
                    ),
                })
            })
        };
        let threads: Vec<_> = links.into_iter().map(begin).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn simply(_: usize, write: &mut dyn FnMut() -> Written) -> Written {
    write()
}

fn traces(path: &Path) -> String {
    let outcome = read_run(path).unwrap().outcome;
    // levels that are not there are not equal
    format!("{:?} {:?}", outcome.hive, outcome.bounds)
}

/// The names of a run's files of the panel's agents.
fn of_agents(path: &Path) -> Vec<String> {
    names(path).into_iter().filter(|name| crate::record::agent_tables::is_file(name)).collect()
}

#[test]
fn every_rank_writes_its_own_agents_and_all_of_it_is_the_run_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let (one, many) = (folder.path().join("one"), folder.path().join("many"));
    write_over(&one, Threads::new(1), simply);
    for ranks in [3, 2, 12, 1] {
        let written = write_over(&many, Threads::new(ranks), simply);
        let files = written.into_iter().map(|written| written.unwrap()).next().unwrap();
        assert_eq!(traces(&many), traces(&one), "{ranks}");
        let rows = |table: &str| -> Vec<(&str, u64)> {
            let of_table = files.iter().filter(|file| file.name.starts_with(table));
            of_table.map(|file| (file.name.as_str(), file.rows.unwrap())).collect()
        };
        // two fleets of two measured rounds
        match ranks {
            1 => assert_eq!(rows("panel"), [("panel.parquet", 12)]),
            2 => {
                let parts = ["panel.part-0-of-2.parquet", "panel.part-1-of-2.parquet"];
                assert_eq!(rows("panel"), [(parts[0], 4), (parts[1], 8)]);
                let parts = ["jobs.part-0-of-2.parquet", "jobs.part-1-of-2.parquet"];
                assert_eq!(rows("jobs"), [(parts[0], 4), (parts[1], 8)]);
            }
            3 => assert_eq!(rows("levels")[2], ("levels.part-2-of-3.parquet", 8)),
            _ => assert_eq!(rows("levels")[0], ("levels.part-00-of-12.parquet", 0)),
        }
        // none of another number of ranks, nor whole ones beside parts
        assert_eq!(of_agents(&many).len(), 3 * ranks);
        assert_eq!(names(&many).len(), names(&one).len() + 3 * (ranks - 1));
    }
    let bytes = |path: &Path| fs::read(path.join("levels.parquet")).unwrap();
    assert_eq!(bytes(&many), bytes(&one));
}

/// Ranks, of which some are told of a folder that they have not.
struct Elsewhere(Threads, &'static [usize]);

impl Link for Elsewhere {
    fn rank(&self) -> usize {
        self.0.rank()
    }
    fn ranks(&self) -> usize {
        self.0.ranks()
    }
    fn beside(&self) -> usize {
        1
    }
    fn send(&self, to: usize, message: &[u8]) {
        self.0.send(to, message);
    }
    fn receive(&self, from: usize) -> Vec<u8> {
        let message = self.0.receive(from);
        if !self.1.contains(&self.rank()) {
            return message;
        }
        let message = String::from_utf8(message).unwrap();
        // rank 1 has a folder of that name, of another run, and 2 has none
        let other =
            if self.rank() == 1 { ("\"sign\":\"", "\"sign\":\"not ") } else { ("/", "//no") };
        message.replace(other.0, other.1).into()
    }
    fn swap(&self, to: usize, message: &[u8], from: usize) -> Vec<u8> {
        self.0.swap(to, message, from)
    }
}

#[test]
fn rank_0_writes_for_those_that_do_not_see_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (together, apart) = (folder.path().join("together"), folder.path().join("apart"));
    let files = |path: &Path, written: Vec<Written>| {
        let files = written.into_iter().map(|written| written.unwrap()).next().unwrap();
        let of_agents = files.into_iter().filter(|file| file.name.contains(".part-"));
        let mut entries: Vec<_> = of_agents.map(|file| (file.name, file.blake3)).collect();
        entries.sort();
        assert_eq!(entries.len(), 9, "{path:?}");
        entries
    };
    let own = files(&together, write_over(&together, Threads::new(3), simply));
    for blind in [&[1][..], &[2], &[1, 2]] {
        let links = Threads::new(3).into_iter().map(|link| Elsewhere(link, blind)).collect();
        assert_eq!(files(&apart, write_over(&apart, links, simply)), own, "{blind:?}");
        assert_eq!(traces(&apart), traces(&together), "{blind:?}");
    }
}

#[test]
fn what_fails_on_one_rank_fails_on_all_and_leaves_the_run_before() {
    let mut met = 0;
    for failing_rank in 0..3 {
        for after in 1.. {
            let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            let run = folder.path().join("run");
            write_into(&run);
            let before = fs::read(run.join("manifest.json")).unwrap();
            let reached = std::sync::atomic::AtomicBool::new(false);
            let written = write_over(&run, Threads::new(3), |rank, write| {
                if rank != failing_rank {
                    return write();
                }
                let (written, at) = failing(Fault::Once, after, write);
                reached.store(at, std::sync::atomic::Ordering::Relaxed);
                written
            });
            if !reached.into_inner() {
                written.into_iter().for_each(|written| _ = written.unwrap());
                break;
            }
            met += 1;
            let Err(wrong) = &written[0] else { continue };
            let said = wrong.to_string();
            assert!(said.contains(&error(Fault::Once).to_string()), "{said}");
            assert_eq!(said.starts_with(&format!("rank {failing_rank}: ")), failing_rank > 0);
            if failing_rank > 0 {
                assert!(written.iter().all(Result::is_err));
                assert_eq!(fs::read(run.join("manifest.json")).unwrap(), before);
                assert_eq!(of_agents(&run), ["jobs.parquet", "levels.parquet", "panel.parquet"]);
            }
        }
    }
    assert!(met > 60, "{met}");
}
