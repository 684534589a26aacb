use hivesim::engine::*;
use hivesim::scenario::*;
use std::time::Instant;
fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let file = if args.first().is_some_and(|a| a.ends_with(".toml")) {
        Some(args.remove(0))
    } else {
        None
    };
    let sc = match file {
        Some(f) => Scenario::load(f.as_ref(), &args),
        None => Scenario::parse("", "x", &args),
    };
    let sc = match sc {
        Ok(s) => s,
        Err(e) => {
            println!("{e}");
            return;
        }
    };
    let t = Instant::now();
    let o = Experiment::new(sc).run(&Silent).unwrap();
    println!("{} {:.3}s", o.result_hash, t.elapsed().as_secs_f64());
    let p = |n: &str, t: &hivesim::measure::Trace| {
        let r = t.rounds.last().unwrap();
        println!(
            "{n:9} core {:.3} panel {:.3} unpr {:.3} adopt {:.2} acc {:.3} loss {:.3} tl {:.3} ta {:.4} conf {:.3} cos {:.3} cd {:.3}",
            r.core_skill,
            r.panel_skill,
            r.unpractised_skill,
            r.adoption,
            r.work_accuracy,
            r.work_loss,
            r.train_loss,
            r.test_accuracy,
            r.sign_conflict,
            r.cosine,
            r.consensus_distance
        )
    };
    p("hive", &o.hive);
    for (b, t) in &o.bounds {
        p(&format!("{b:?}"), t);
    }
}
