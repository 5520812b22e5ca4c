//! Compiled modules on disk, so that a plugin is compiled once and not with every start.
//!
//! A file is named after the module's content and after everything about the engine that shapes its code, and begins
//! with a digest of both and of what follows: a file that is cut, damaged, renamed or made by another version is
//! compiled anew. It can't tell who wrote a file. So the folder must belong to the user alone, as it does when this host
//! has made it: whoever may write there may run code.

use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::fs::{self, DirBuilder, File};
use std::hash::DefaultHasher;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ring::digest::{Context, Digest, SHA256, SHA256_OUTPUT_LEN};
use wasmtime::{Engine, Module};

/// Bytes that all files together may have; the ones that were not used for longest go first.
const MAX_BYTES: u64 = 1 << 30;

/// How the names of files end.
const EXTENSION: &str = "cwasm";

/// How the names of files end that are being written.
const UNFINISHED: &str = ".new";

/// After this time nobody writes any more: a process has ended before its file was whole.
const STALE: Duration = Duration::from_secs(3600);

/// A folder with compiled modules.
#[derive(Debug)]
pub(crate) struct Cache(PathBuf);

/// A folder that can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    #[error("the cache folder {} can't be used: {source}", folder.display())]
    Unusable { folder: PathBuf, source: io::Error },
    #[error("the cache folder {} belongs to somebody else, or others may write to it", folder.display())]
    Shared { folder: PathBuf },
}

impl Cache {
    /// Uses a folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self, CacheError> {
        let unusable = |source| CacheError::Unusable { folder: folder.into(), source };
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(unusable)?;
        if !is_ours(&fs::metadata(folder).map_err(unusable)?) {
            return Err(CacheError::Shared { folder: folder.into() });
        }
        Ok(Self(folder.into()))
    }

    /// The compiled module, if it is there and sound.
    pub(crate) fn load(&self, engine: &Engine, module: &[u8]) -> Option<Module> {
        let key = key(engine, module);
        let file = File::open(self.path(&key)).ok()?;
        let metadata = file.metadata().ok()?;
        if !is_ours(&metadata) || metadata.len() > MAX_BYTES {
            return None;
        }
        let mut content = Vec::new();
        (&file).read_to_end(&mut content).ok()?;
        let (found, compiled) = content.split_first_chunk::<SHA256_OUTPUT_LEN>()?;
        if found != digest(&[key.as_ref(), compiled]).as_ref() {
            return None;
        }
        // For those that decide which file goes first. It may fail: then it goes earlier.
        let _ = file.set_modified(SystemTime::now());
        // SAFETY: the digest says that these bytes are what `store` wrote for this module and this engine, and the
        // folder and the file are such that nobody but this user could have written them.
        unsafe { Module::deserialize(engine, compiled) }.ok()
    }

    /// Keeps a compiled module.
    pub(crate) fn store(&self, engine: &Engine, module: &[u8], compiled: &Module) -> io::Result<()> {
        let key = key(engine, module);
        let compiled = compiled.serialize().map_err(io::Error::other)?;
        // Who reads at the same time sees all of it or nothing.
        let mut file = tempfile::Builder::new().suffix(UNFINISHED).tempfile_in(&self.0)?;
        file.write_all(digest(&[key.as_ref(), &compiled]).as_ref())?;
        file.write_all(&compiled)?;
        file.persist(self.path(&key))?;
        self.make_room()
    }

    fn path(&self, key: &Digest) -> PathBuf {
        let name: String = key.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.join(name).with_extension(EXTENSION)
    }

    /// Removes what was left unfinished, and the files that were not used for longest, while there are too many bytes.
    fn make_room(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            // Another process may have removed it meanwhile.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let modified = metadata.modified()?;
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                files.push((modified, metadata.len(), path));
            } else if path.as_os_str().as_encoded_bytes().ends_with(UNFINISHED.as_bytes())
                && modified.elapsed().is_ok_and(|age| age > STALE)
            {
                let _ = fs::remove_file(path);
            }
        }
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, len, _)| len).sum();
        for (_, len, path) in files {
            if bytes <= MAX_BYTES {
                break;
            }
            match fs::remove_file(path) {
                // Another process makes room, too.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => bytes -= len,
            }
        }
        Ok(())
    }
}

/// What the file is named after.
fn key(engine: &Engine, module: &[u8]) -> Digest {
    let mut engine_hash = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut engine_hash);
    digest(&[env!("CARGO_PKG_VERSION").as_bytes(), &engine_hash.finish().to_le_bytes(), module])
}

fn digest(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_le_bytes());
        context.update(part);
    }
    context.finish()
}

/// Whether it belongs to this user, and nobody else may write to it.
#[cfg(unix)]
fn is_ours(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

#[cfg(not(unix))]
fn is_ours(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only_file(cache: &Cache) -> PathBuf {
        let mut files = fs::read_dir(&cache.0).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        file
    }

    fn stored(engine: &Engine, module: &[u8]) -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("modules")).unwrap();
        assert!(cache.load(engine, module).is_none());
        cache.store(engine, module, &Module::new(engine, module).unwrap()).unwrap();
        (folder, cache)
    }

    const MODULE: &[u8] = b"(module (func (export \"f\")))";

    #[test]
    fn what_was_stored_is_loaded_for_the_same_module_and_engine_only() {
        let engine = Engine::default();
        let (_folder, cache) = stored(&engine, MODULE);
        assert!(cache.load(&engine, MODULE).unwrap().get_export("f").is_some());
        assert!(cache.load(&engine, b"(module)").is_none());
        let other = Engine::new(wasmtime::Config::new().consume_fuel(true)).unwrap();
        assert!(cache.load(&other, MODULE).is_none());
    }

    #[test]
    fn a_file_that_is_damaged_cut_or_foreign_is_not_loaded() {
        let engine = Engine::default();
        let (_folder, cache) = stored(&engine, MODULE);
        let path = only_file(&cache);
        let content = fs::read(&path).unwrap();
        for at in [0, 31, 32, 100, content.len() / 2, content.len() - 1] {
            let mut damaged = content.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert!(cache.load(&engine, MODULE).is_none(), "byte {at}");
        }
        for len in [0, 10, 32, content.len() - 1] {
            fs::write(&path, &content[..len]).unwrap();
            assert!(cache.load(&engine, MODULE).is_none(), "{len} bytes");
        }
        // Another module's file under this one's name.
        let other = "(module (func (export \"g\")))".as_bytes();
        let (_folder, others) = stored(&engine, other);
        fs::copy(only_file(&others), &path).unwrap();
        assert!(cache.load(&engine, MODULE).is_none());
        // It is replaced.
        cache.store(&engine, MODULE, &Module::new(&engine, MODULE).unwrap()).unwrap();
        assert!(cache.load(&engine, MODULE).is_some());
    }

    #[test]
    fn what_a_crash_has_left_is_removed_and_what_is_being_written_is_not() {
        let engine = Engine::default();
        let (_folder, cache) = stored(&engine, MODULE);
        let [old, new] = ["old.new", "young.new"].map(|name| cache.0.join(name));
        File::create(&old).unwrap().set_modified(SystemTime::now() - 2 * STALE).unwrap();
        File::create(&new).unwrap();
        cache.store(&engine, MODULE, &Module::new(&engine, MODULE).unwrap()).unwrap();
        assert!(!old.exists() && new.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_others_may_write_to_is_not_trusted() {
        use std::os::unix::fs::PermissionsExt;
        let writable = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
        let engine = Engine::default();
        let (_folder, cache) = stored(&engine, MODULE);
        writable(&only_file(&cache));
        assert!(cache.load(&engine, MODULE).is_none());
        writable(&cache.0);
        let error = Cache::open(&cache.0).unwrap_err();
        assert!(error.to_string().contains("others may write to it"), "{error}");
    }
}
