//! Small data sets of three kinds of examples, written as LEAF JSON and as Parquet.

use hivesim::stream::{Purpose, Stream};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

/// Features and label.
pub type Example = ([f64; 2], i64);

/// A user's examples.
pub struct User {
    pub train: Vec<Example>,
    pub test: Vec<Example>,
}

/// Runs on a data set whose path is set from outside.
pub const SCENARIO: &str = "rounds = 30\n[world]\nkind = \"dataset\"\npath = \"-\"\n\
                            [learner]\nrate = 0.2\nsolver = { batch = 4, epochs = 3 }\n\
                            [measure]\npanel = 0\n[engine]\nkind = \"serial\"\n";

/// Four users, each with two of the three labels; an example lies around its label's corner
/// of a triangle, three standard deviations from the others'.
pub fn generated() -> Vec<User> {
    const CORNERS: [[f64; 2]; 3] = [[0.0, 1.0], [-1.0, -1.0], [1.0, -1.0]];
    (0..4_u32)
        .map(|user| {
            let mut stream = Stream::new(9, Purpose::Job, user, 0);
            let mut examples = |n: u32| {
                (0..n)
                    .map(|i| {
                        let label = ((user + i % 2) % 3) as usize;
                        // in quarters of a hundredth: the same in JSON, 64 and 32 bits
                        let near = |centre: f64, normal: f64| {
                            ((centre + normal / 3.0) * 256.0).round() / 256.0
                        };
                        let x = CORNERS[label].map(|centre| near(centre, stream.normal()));
                        (x, label as i64)
                    })
                    .collect()
            };
            User { train: examples(20 + 2 * user), test: examples(10) }
        })
        .collect()
}

/// `train.json` and `test.json` in a folder.
pub fn write_leaf(folder: &Path, users: &[User]) {
    fs::create_dir_all(folder).unwrap();
    for name in ["train.json", "test.json"] {
        let part = |user: &'_ User| {
            if name == "train.json" { user.train.clone() } else { user.test.clone() }
        };
        let names: Vec<String> = (0..users.len()).map(|user| format!("u{user}")).collect();
        let sizes: Vec<usize> = users.iter().map(|user| part(user).len()).collect();
        let data: serde_json::Map<_, _> = names
            .iter()
            .zip(users)
            .map(|(name, user)| {
                let (x, y): (Vec<_>, Vec<_>) = part(user).into_iter().unzip();
                (name.clone(), serde_json::json!({ "y": y, "x": x }))
            })
            .collect();
        let file = serde_json::json!({ "users": names, "num_samples": sizes, "user_data": data });
        fs::write(folder.join(name), file.to_string()).unwrap();
    }
}

/// One Parquet file with a row an example.
pub fn write_parquet(path: &Path, users: &[User]) {
    let schema = "message data { required binary agent (STRING); required binary split (STRING);
        required int64 label; required group features (LIST) {
            repeated group list { required double element; } } }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let (mut agents, mut splits, mut labels, mut features) = (vec![], vec![], vec![], vec![]);
    for (i, user) in users.iter().enumerate() {
        for (split, examples) in [("train", &user.train), ("test", &user.test)] {
            for (x, label) in examples {
                agents.push(ByteArray::from(format!("u{i}").as_str()));
                splits.push(ByteArray::from(split));
                labels.push(*label);
                features.extend_from_slice(x);
            }
        }
    }
    let mut group = writer.next_row_group().unwrap();
    for texts in [&agents, &splits] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(texts, None, None).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&labels, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let (there, place): (Vec<i16>, Vec<i16>) =
        (0..features.len()).map(|i| (1, (i % 2) as i16)).unzip();
    column.typed::<DoubleType>().write_batch(&features, Some(&there), Some(&place)).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}
