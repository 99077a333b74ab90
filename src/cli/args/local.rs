//! Arguments of the commands that hash local bytes: `etag`, `verify` and `clients`.

use super::FaultArgs;
use crate::domain::checksum::ChecksumAlgorithm;
use crate::domain::etag::ETag;
use crate::domain::limits::AWS;
use crate::domain::names::S3Uri;
use crate::domain::units::{grouped, parse_size};
use crate::hash::kernel::Kernel;
use std::path::PathBuf;

const ETAG_HELP: &str = "\
Without --part-size and --match it prints the MD5, which is the ETag of an object written in one piece.
A file is read where it lies, with every core; standard input and objects are read once, in bounded
memory. --match tries what known clients would choose, then every round size, and with --exhaustive
every size that is possible.

Exit codes:
  0  done; with --match: found
  1  S3 refused
  2  wrong usage, or an error on this machine
  4  --match: these bytes do not have this ETag, however they are cut
  5  --match: not found; other bytes, or another way of cutting";

/// Arguments of `etag`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = ETAG_HELP)]
pub struct EtagArgs {
    /// The bytes: a file, - for standard input, or s3://BUCKET/KEY
    #[arg(value_name = "SOURCE", value_parser = Place::parse)]
    pub source: Place,

    /// The version of an object; its address is a key and nothing else then. Empty: the current version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,

    /// Part size of a multipart upload (8MiB, 64MB, bytes); may be repeated, all are computed in one pass
    #[arg(long, value_name = "SIZE", value_parser = part_size)]
    pub part_size: Vec<u64>,

    /// Find the part size that gives this ETag
    #[arg(long = "match", value_name = "ETAG", value_parser = wanted, conflicts_with = "part_size")]
    pub wanted: Option<ETag>,

    /// Try every part size that is possible, which may take very long
    #[arg(long, requires = "wanted", conflicts_with = "part_size")]
    pub exhaustive: bool,

    /// Also an additional checksum: CRC32, CRC32C, CRC64NVME, SHA1, SHA256; may be repeated
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm)]
    pub checksum: Vec<ChecksumAlgorithm>,

    /// Also the MD5 of every part; with one --part-size
    #[arg(long)]
    pub parts: bool,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// How to hash.
    #[command(flatten)]
    pub hash: HashArgs,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}

fn part_size(text: &str) -> Result<u64, String> {
    match parse_size(text)? {
        0 => Err("a part size of 0 makes no parts; S3 wants at least 5MiB".into()),
        n if n > AWS.max_part_size => {
            Err(format!("S3 takes no part above 5 GiB ({} bytes)", grouped(AWS.max_part_size)))
        }
        n => Ok(n),
    }
}

fn wanted(text: &str) -> Result<ETag, String> {
    match ETag::parse(text) {
        ETag::Opaque(_) => Err(
            "not an ETag that is made of MD5s: 32 hex digits, for a multipart object followed by - and 1 to 10000"
                .into(),
        ),
        tag => Ok(tag),
    }
}

fn algorithm(text: &str) -> Result<ChecksumAlgorithm, String> {
    ChecksumAlgorithm::parse(text).ok_or_else(|| {
        let names: Vec<&str> = ChecksumAlgorithm::ALL.iter().map(|a| a.name()).collect();
        format!("this program computes {}", names.join(", "))
    })
}

const VERIFY_HELP: &str = "\
Size, ETag and checksums are compared as far as they say anything about the bytes. Only reads are sent,
and no byte of the object is read.

Exit codes:
  0  match
  1  S3 refused
  2  wrong usage, or an error on this machine
  4  differs
  5  cannot be known";

/// Arguments of `verify`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = VERIFY_HELP)]
pub struct VerifyArgs {
    /// The local bytes: a file, or - for standard input
    #[arg(value_name = "FILE", value_parser = Place::parse)]
    pub file: Place,

    /// The object: s3://BUCKET/KEY, or s3://BUCKET/KEY?versionId=ID
    #[arg(value_name = "OBJECT", value_parser = S3Uri::parse)]
    pub object: S3Uri,

    /// The version; the address is a key and nothing else then. Empty: the current version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,

    /// Ask HEAD for as many parts as it takes to know every boundary
    #[arg(long)]
    pub all_parts: bool,

    /// Try every part size that is possible, which may take very long
    #[arg(long)]
    pub exhaustive: bool,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// How to hash.
    #[command(flatten)]
    pub hash: HashArgs,

    /// How the sandbox fails.
    #[command(flatten)]
    pub faults: FaultArgs,
}

/// How to hash.
#[derive(Debug, Clone, clap::Args)]
pub struct HashArgs {
    /// Cores to use [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Instructions to compute MD5 with: portable, neon, avx2, avx512 [default: the best there are]
    #[arg(long, value_name = "KERNEL", value_parser = kernel)]
    pub md5: Option<Kernel>,
}

fn kernel(name: &str) -> Result<Kernel, String> {
    let here: Vec<Kernel> = Kernel::ALL.into_iter().filter(|k| k.is_available()).collect();
    here.iter().copied().find(|k| k.name() == name).ok_or_else(|| {
        let names: Vec<&str> = here.iter().map(|k| k.name()).collect();
        format!("this machine has {}", names.join(", "))
    })
}

impl HashArgs {
    /// The kernel.
    pub fn kernel(&self) -> Kernel {
        self.md5.unwrap_or_else(Kernel::best)
    }

    /// The number of threads.
    pub fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.map_or_else(all, usize::from)
    }
}

/// What was named on the command line: a file, standard input, or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `-`
    Stdin,
    /// A path.
    File(PathBuf),
    /// `s3://bucket/key`
    Object(S3Uri),
}

impl Place {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "-" => Ok(Self::Stdin),
            "" => Err("name a file, - for standard input, or s3://bucket/key".into()),
            _ if text.starts_with("s3://") => S3Uri::parse(text).map(Self::Object),
            _ => Ok(Self::File(text.into())),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdin => f.write_str("-"),
            Self::File(path) => path.display().fmt(f),
            Self::Object(address) => write!(f, "s3://{}/{}", address.bucket, address.key),
        }
    }
}

/// A size, or a file that has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SizeOrFile {
    /// Bytes.
    Size(u64),
    /// A path.
    File(PathBuf),
}

/// What begins as a number is a size, so that a wrong unit is named and not looked for on disk.
fn size_or_file(text: &str) -> Result<SizeOrFile, String> {
    let number = text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    match parse_size(text) {
        Ok(size) => Ok(SizeOrFile::Size(size)),
        Err(_) if !number || std::path::Path::new(text).exists() => Ok(SizeOrFile::File(text.into())),
        Err(why) => Err(format!("{why}; a file of that name is ./{text}")),
    }
}

/// Arguments of `clients`.
#[derive(Debug, Clone, clap::Args)]
pub struct ClientsArgs {
    /// Size of the object (20277918669, 100MiB, 5GB), or a file, of which the ETags are computed too
    #[arg(value_name = "SIZE|FILE", value_parser = size_or_file)]
    pub of: SizeOrFile,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// How to hash.
    #[command(flatten)]
    pub hash: HashArgs,
}
