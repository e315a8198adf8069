use crate::support::assert_snapshot;
use std::collections::BTreeSet;
use std::fmt::Write as _;

#[test]
fn the_tables_of_the_store_are_the_committed_ones() {
    let schema = geoml_hub::app::schema();
    let mut text = String::new();
    for table in &schema.tables {
        writeln!(text, "{}: {}", table.name, table.about).unwrap();
    }
    writeln!(text, "\nmigrations:").unwrap();
    for (number, migration) in schema.migrations.iter().enumerate() {
        writeln!(text, "{} {}", number + 1, migration.name).unwrap();
    }
    assert_snapshot("tests/it/contract/tables.txt", &text);
}

#[test]
fn no_two_tables_share_a_name() {
    let schema = geoml_hub::app::schema();
    let names: BTreeSet<_> = schema.tables.iter().map(|table| table.name).collect();
    assert_eq!(names.len(), schema.tables.len());
}
