//! .
use mpwire::board::onboard::*;
fn main() {
    let all = [CHECK_CRC32, INFLATE_STREAM, DIGEST_SHA256_NEW, LOOK, FREE, PUT, AGENT];
    for p in all { eprintln!("{} {}", p.defines, p.shrunk().len()); }
    let text: String = all.iter().map(|p| p.shrunk()).collect();
    println!("{text}print([_mw_look(p,1024)for p in('a.py','a.py/a.py')],_mw_free(''))\n_mw_agent(16384,15)");
}
