//! A plugin of generation A in Rust with its standard library: it works in the folder that the config, a JSON string,
//! names.

use std::fs;
use std::path::Path;

#[unsafe(no_mangle)]
extern "C" fn allocate(size: u32) -> *mut u8 {
    Vec::leak(vec![0; size as usize]).as_mut_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn describe() -> u64 {
    give(r#"{"name":"rust"}"#.into())
}

#[unsafe(no_mangle)]
extern "C" fn observe(address: *const u8, len: usize) -> u64 {
    // SAFETY: the host has put the config there.
    let config = unsafe { std::slice::from_raw_parts(address, len) };
    let folder = String::from_utf8_lossy(config).trim_matches('"').to_owned();
    assert!(!folder.is_empty(), "no folder");
    let text = work(Path::new(&folder)).unwrap_or_else(|error| error.to_string());
    let text = text.replace('"', "\\\"");
    give(format!(r#"{{"status":"success","timestamp":"0001-01-01T00:00:00Z","data":{{"text":"{text}"}}}}"#))
}

fn work(folder: &Path) -> std::io::Result<String> {
    let text = fs::read_to_string(folder.join("a.txt"))?;
    println!("read");
    fs::write(folder.join("b.txt"), &text)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().into_string().unwrap_or_default());
    }
    names.sort();
    let denied = fs::read(folder.join("secret")).map_err(|error| error.kind()).unwrap_err();
    let missing = fs::read(folder.join("c.txt")).map_err(|error| error.kind()).unwrap_err();
    Ok(format!("{text} {names:?} {denied:?} {missing:?}"))
}

fn give(text: String) -> u64 {
    let bytes = text.into_bytes().leak();
    (bytes.as_ptr().addr() as u64) << 32 | bytes.len() as u64
}
