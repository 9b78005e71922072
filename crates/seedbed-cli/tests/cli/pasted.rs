/// `money is conserved` (when idle): expected 1000, found 959
#[test]
fn transfer_da26e6996ae772db() {
    // Dev-dependencies: seedbed-manifest, seedbed-test. Paths are from the package's directory on.
    let program = seedbed_manifest::Scenario::load("../../fixtures/transfer-fixed/seedbed.toml".as_ref()).expect("the manifest loads");
    seedbed_test::follow(&program, 0xda26e6996ae772db, r#"
        choice kill c/tree/teller-2:1 #14 = 1
    "#);
}
