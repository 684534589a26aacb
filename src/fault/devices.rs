//! When devices were there that somebody watched: traces out of files.

use crate::lines::{self, LineError};
use crate::scenario::Trace;
use crate::stream::{Purpose, Stream};
use crate::text::{name, nearest};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns that a trace needs.
const COLUMNS: [&str; 3] = ["device", "from", "to"];
/// The most rows of a trace.
const ROWS_MOST: usize = 50_000_000;
/// The last moment of a trace: thirty million years of seconds.
const TIME_MOST: u64 = 1_000_000_000_000_000;

/// Stretches of time in which each of some devices is there, over a time that begins anew.
///
/// 16 bytes a stretch; asking costs a binary search among a device's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Devices {
    /// From when, and up to when; those of a device one after another, apart and in rising order.
    stretches: Vec<(u64, u64)>,
    /// Device `i` has `stretches[starts[i]..starts[i + 1]]`, in the order of the file.
    starts: Vec<usize>,
    /// Units of time in a round.
    unit: u64,
    /// When time begins anew.
    period: u64,
}

impl Devices {
    /// Reads the devices of a trace.
    ///
    /// # Errors
    /// Where the file cannot be read, its header lacks a column, a row is not one, or its time does
    /// not fit the period.
    pub fn read(spec: &Trace) -> Result<Self, LineError> {
        let path = Path::new(&spec.file);
        let mut table = Table::default();
        lines::for_each(path, "the trace", |line| table.take(line, spec.period))?;
        if table.rows == 0 {
            let message = match table.columns {
                None => format!("found nothing; wanted the header `{}`", COLUMNS.join(",")),
                Some(_) => "found a header and no row; wanted a device that is there".into(),
            };
            return Err(LineError::of_file(path, message));
        }
        Ok(table.devices(spec))
    }

    fn of(&self, device: u32) -> &[(u64, u64)] {
        &self.stretches[self.starts[device as usize]..self.starts[device as usize + 1]]
    }

    /// How many there are.
    fn len(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    /// Which device each of some agents has: all in an order that is drawn, then all in another,
    /// until everyone has one.
    pub fn dealt(&self, seed: u64, agents: usize) -> Vec<u32> {
        let mut dealt = Vec::with_capacity(agents);
        for turn in 0.. {
            if dealt.len() == agents {
                break;
            }
            let mut order: Vec<u32> = (0..self.len()).collect();
            Stream::new(seed, Purpose::Devices, turn, 0).shuffle(&mut order);
            order.truncate(agents - dealt.len());
            dealt.append(&mut order);
        }
        dealt
    }

    /// Whether a device is there when a round begins, from 0.
    pub fn is_there(&self, device: u32, round: u64) -> bool {
        let now = round * self.unit % self.period;
        let stretches = self.of(device);
        let begun = stretches.partition_point(|(from, _)| *from <= now);
        begun > 0 && now < stretches[begun - 1].1
    }

    /// Whether a device is there when any round begins. Rounds begin at all multiples of the greatest
    /// common divisor of unit and period, in some order.
    pub fn is_ever_there(&self, device: u32) -> bool {
        let step = greatest_common_divisor(self.unit, self.period);
        self.of(device).iter().any(|(from, to)| from.next_multiple_of(step) < *to)
    }

    /// What is wrong where no agent has a device that is ever there.
    pub fn absent(&self, spec: &Trace) -> LineError {
        let message = format!(
            "no agent's device is there when a round begins, every {} from 0 in a time that begins \
             anew after {}; wanted one that is (fleet.availability.unit, .period)",
            self.unit, self.period
        );
        LineError::of_file(Path::new(&spec.file), message)
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// A trace as it is read.
#[derive(Default)]
struct Table {
    /// Where each of [`COLUMNS`] stands, and how many cells a row has.
    columns: Option<([usize; 3], usize)>,
    /// The devices' numbers by their names.
    numbers: BTreeMap<String, usize>,
    /// What each is there for, as it comes.
    stretches: Vec<Vec<(u64, u64)>>,
    rows: usize,
    /// The last moment at which one is there.
    last: u64,
}

impl Table {
    /// Takes a line; those without anything in them say nothing.
    fn take(&mut self, line: &str, period: u64) -> Result<(), String> {
        if line.contains('"') {
            return Err("found a quotation mark; wanted cells without any".into());
        }
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if cells == [""] {
            return Ok(());
        }
        let Some((places, width)) = self.columns else {
            self.columns = Some(header(&cells)?);
            return Ok(());
        };
        if cells.len() != width {
            let found = cells.len();
            let cells = if found == 1 { "1 cell".into() } else { format!("{found} cells") };
            return Err(format!("found {cells}; wanted {width}, as in the header"));
        }
        let [device, from, to] = places.map(|place| cells[place]);
        if device.is_empty() {
            return Err("device: found nothing; wanted a name".into());
        }
        let (from, to) = (moment("from", from)?, moment("to", to)?);
        if to <= from {
            return Err(format!("from {from} to {to}: wanted a `to` above `from`"));
        }
        if period > 0 && to > period {
            return Err(format!(
                "to: found {to}, but time begins anew after {period} (fleet.availability.period); \
                 wanted at most that"
            ));
        }
        self.rows += 1;
        if self.rows > ROWS_MOST {
            return Err(format!("more than {ROWS_MOST} rows"));
        }
        self.last = self.last.max(to);
        let next = self.numbers.len();
        let number = match self.numbers.get(device) {
            Some(number) => *number,
            None => *self.numbers.entry(device.to_owned()).or_insert(next),
        };
        if number == next {
            self.stretches.push(Vec::new());
        }
        self.stretches[number].push((from, to));
        Ok(())
    }

    /// The devices, what overlaps or touches joined.
    fn devices(self, spec: &Trace) -> Devices {
        let (mut stretches, mut starts): (Vec<(u64, u64)>, Vec<usize>) = (Vec::new(), vec![0]);
        for mut own in self.stretches {
            own.sort_unstable();
            let first = stretches.len();
            for (from, to) in own {
                match stretches[first..].last_mut() {
                    Some(last) if from <= last.1 => last.1 = last.1.max(to),
                    _ => stretches.push((from, to)),
                }
            }
            starts.push(stretches.len());
        }
        let period = if spec.period > 0 { spec.period } else { self.last };
        Devices { stretches, starts, unit: spec.unit.into(), period }
    }
}

/// Where each of [`COLUMNS`] stands in a header, and how many cells it has.
fn header(cells: &[&str]) -> Result<([usize; 3], usize), String> {
    // what spreadsheets begin a file with
    let named = |cell: &str| cell.trim_start_matches('\u{feff}').to_owned();
    let cells: Vec<String> = cells.iter().map(|cell| named(cell)).collect();
    let mut places = [0; 3];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        let mut found = (0..cells.len()).filter(|i| cells[*i] == column);
        *place = match (found.next(), found.next()) {
            (Some(at), None) => at,
            (Some(_), Some(_)) => return Err(format!("found two columns `{column}`; wanted one")),
            (None, _) => {
                let hint = nearest(column, cells.iter().map(String::as_str));
                let hint =
                    hint.map_or_else(String::new, |near| format!("; is it `{}`?", name(near)));
                let header = COLUMNS.join(",");
                return Err(format!(
                    "found a header without `{column}`; wanted one such as `{header}`{hint}"
                ));
            }
        };
    }
    Ok((places, cells.len()))
}

fn moment(column: &str, cell: &str) -> Result<u64, String> {
    match cell.parse::<u64>() {
        Ok(moment) if moment <= TIME_MOST => Ok(moment),
        _ => Err(format!(
            "{column}: found `{}`; wanted a whole number from 0 to {TIME_MOST}",
            name(cell)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// The devices of a table, or what is wrong with it without its path.
    fn read(text: &str, unit: u32, period: u64) -> Result<Devices, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let spec = Trace { file: path.clone(), unit, period };
        Devices::read(&spec).map_err(|e| e.to_string().replace(&path, "t.csv"))
    }

    #[test]
    fn a_device_is_there_as_its_rows_say_and_again_after_the_period() {
        let text = "to,device,note,from\r\n3,a,x,1\r\n\r\n9,b,,8\r\n5,a,,2\r\n";
        let devices = read(text, 1, 0).unwrap();
        assert_eq!(devices.len(), 2);
        let there = |device| (0..18).filter(|r| devices.is_there(device, *r)).collect::<Vec<_>>();
        assert_eq!(there(0), [1, 2, 3, 4, 10, 11, 12, 13]);
        assert_eq!(there(1), [8, 17]);
        let longer = read(text, 1, 12).unwrap();
        assert!(longer.is_there(0, 13) && !longer.is_there(0, 10));
        // rounds that begin at 0, 4, 8, 3, 7, 2, 6, 1, 5
        let coarse = read(text, 4, 0).unwrap();
        let there: Vec<u64> = (0..9).filter(|r| coarse.is_there(0, *r)).collect();
        assert_eq!(there, [1, 3, 5, 7]);
    }

    #[test]
    fn whether_a_device_is_ever_there_is_what_going_through_all_rounds_tells() {
        let text = "device,from,to\na,1,3\nb,4,5\nc,7,8\nd,9,12\n";
        for (unit, period) in [(1, 12), (2, 12), (3, 12), (4, 14), (5, 12), (12, 12), (30, 12)] {
            let devices = read(text, unit, period).unwrap();
            for device in 0..4 {
                let ever = (0..period).any(|round| devices.is_there(device, round));
                assert_eq!(devices.is_ever_there(device), ever, "{unit} {period} {device}");
            }
        }
    }

    #[test]
    fn devices_are_dealt_as_evenly_as_it_goes() {
        let text = "device,from,to\na,1,3\nb,4,5\nc,7,8\nd,9,12\n";
        let devices = read(text, 1, 0).unwrap();
        for agents in [1, 3, 4, 11] {
            let dealt = devices.dealt(7, agents);
            let of = |device: u32| dealt.iter().filter(|d| **d == device).count();
            let (least, most) = (agents / 4, agents.div_ceil(4));
            assert!((0..4).all(|device| (least..=most).contains(&of(device))), "{dealt:?}");
        }
        assert_ne!(devices.dealt(7, 40), devices.dealt(8, 40));
    }

    #[test]
    fn whatever_is_wrong_is_said_with_its_line() {
        let long = format!("device,from,to\na,{},3\n", "1".repeat(70_000));
        for (text, want) in [
            ("", "t.csv: found nothing; wanted the header `device,from,to`"),
            ("device,from,to\n", "t.csv: found a header and no row; wanted a device that is there"),
            (
                "agent,from,to\n1,2,3\n",
                "t.csv:1: found a header without `device`; wanted one such as `device,from,to`",
            ),
            (
                "\ndevice,form,to\n1,2,3\n",
                "t.csv:2: found a header without `from`; wanted one such as `device,from,to`; is it \
                 `form`?",
            ),
            ("device,from,to,to\n", "t.csv:1: found two columns `to`; wanted one"),
            ("device,from,to\na,1\n", "t.csv:2: found 2 cells; wanted 3, as in the header"),
            ("device,from,to\na;1;2\n", "t.csv:2: found 1 cell; wanted 3, as in the header"),
            ("device,from,to\n,1,2\n", "t.csv:2: device: found nothing; wanted a name"),
            (
                "device,from,to\na,1,2\na,-1,2\n",
                "t.csv:3: from: found `-1`; wanted a whole number from 0 to 1000000000000000",
            ),
            (
                "device,from,to\na,1,2.5\n",
                "t.csv:2: to: found `2.5`; wanted a whole number from 0 to 1000000000000000",
            ),
            (
                "device,from,to\na,1,99999999999999999999\n",
                "t.csv:2: to: found `99999999999999999999`; wanted a whole number from 0 to \
                 1000000000000000",
            ),
            ("device,from,to\na,3,3\n", "t.csv:2: from 3 to 3: wanted a `to` above `from`"),
            (
                "device,from,to\na,3,40\n",
                "t.csv:2: to: found 40, but time begins anew after 30 \
                 (fleet.availability.period); wanted at most that",
            ),
            (
                "device,from,to\n\"a\",1,2\n",
                "t.csv:2: found a quotation mark; wanted cells without any",
            ),
            (&long, "t.csv:2: the line has more than 65536 bytes"),
        ] {
            assert_eq!(read(text, 1, 30).unwrap_err(), want, "{:.40}", text);
        }
        let nowhere = Devices::read(&Trace { file: "no/such.csv".into(), unit: 1, period: 0 });
        let message = nowhere.unwrap_err().to_string();
        assert!(message.starts_with("no/such.csv: cannot read the trace: "), "{message}");
        let folder = Devices::read(&Trace { file: "src".into(), unit: 1, period: 0 });
        assert!(folder.unwrap_err().to_string().starts_with("src: cannot read the trace: "));
    }
}
