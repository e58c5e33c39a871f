//! Every input that is kept passes its target: the corpora, and everything that once broke a property.

use std::fs;
use std::path::Path;

#[test]
fn every_input_of_corpus_and_regressions_keeps_its_property() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, check) in plimsoll_fuzz::TARGETS {
        let mut inputs = 0;
        for folder in ["corpus", "regressions"] {
            let Ok(entries) = fs::read_dir(root.join(folder).join(name)) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                // Shown by the test runner if the next line panics.
                println!("{}", path.display());
                check(&fs::read(&path).unwrap());
                inputs += 1;
            }
        }
        assert!(inputs > 0, "no input is kept for {name}");
    }
}
