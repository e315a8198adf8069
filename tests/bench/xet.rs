//! Files of 1 GiB through an unmodified `huggingface_hub`, up and down: by Xet against the client's own LFS path to the same hub,
//! and down by plain HTTP from the hub against the same code of the client and nginx. Then a folder of 3,000 small files, and
//! the listing of a tree of 100,000 files.
//!
//! Every round sends other bytes, every client begins without a cache, and before every turn the disk is left to settle and the
//! page cache is renewed. Seconds are the client's, without loading its libraries. The processor seconds are the hub's alone,
//! its memory is what it holds of its own (`RssAnon`) at the most above what it held before.
//!
//! Run: `tests/bench/run xet`, which installs the client where the test command keeps it; `GEOML_HUB_PYTHON` names another.

use anyhow::Context;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use support::{
    Client, Hub, HubAccount, Nginx, PeakMemory, Random, cpu_seconds, median, memory_kib, percentile, print_machine,
    print_ratio_of_times, renew_pages, run, work_folder,
};

const GIB: usize = 1;
const PIECE: usize = 16 << 20;
const ROUNDS: usize = 3;
const SMALL_FILES: usize = 3_000;
const TREE_FILES: usize = 100_000;
const PAGES: usize = 50;
/// Where the test command keeps the client.
const PYTHON: &str = "target/test-tools/xet/bin/python";

/// What transfers of one kind took.
#[derive(Default)]
struct Figures {
    seconds: Vec<f64>,
    processor: Vec<f64>,
    memory: Vec<f64>,
}

impl Figures {
    fn print(&self, what: &str) {
        let (seconds, processor) = (median(&self.seconds), median(&self.processor));
        let memory = percentile(&self.memory, 100.0);
        println!(
            "{what}: {seconds:.2} s; the hub's processors {processor:.2} s, its memory at the most {memory:.0} MiB above idle"
        );
    }

    fn compare(&self, what: &str, peer_name: &str, peer: &Self) {
        print_ratio_of_times(what, peer_name, median(&self.seconds), median(&peer.seconds), 1.0);
    }
}

struct Bench {
    hub: Hub,
    account: HubAccount,
    nginx: Nginx,
    folder: PathBuf,
    python: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    let python = std::env::var_os("GEOML_HUB_PYTHON").map_or_else(|| PathBuf::from(PYTHON), PathBuf::from);
    let versions =
        "import huggingface_hub, importlib.metadata as m; print(huggingface_hub.__version__, m.version('hf_xet'))";
    let versions =
        run(Command::new(&python).args(["-c", versions])).context("`tests/bench/run` installs the client")?;
    println!("client: huggingface_hub and hf_xet {}", versions.trim());
    let root = folder.path().join("root");
    std::fs::create_dir_all(&root)?;
    let hub = Hub::start(&folder.path().join("data"), &[("GEOML_HUB__STORAGE__QUOTA", "100 GiB")])?;
    let mut bench = Bench {
        account: hub.account("owner")?,
        hub,
        nginx: Nginx::start(folder.path(), &root)?,
        folder: folder.path().to_owned(),
        python,
    };
    bench.large_files(&root)?;
    bench.small_files()?;
    bench.tree()
}

impl Bench {
    fn large_files(&mut self, root: &Path) -> anyhow::Result<()> {
        let source = root.join("source");
        let [mut xet_up, mut lfs_up, mut xet_down, mut http_down, mut nginx_down] =
            [(); 5].map(|()| Figures::default());
        for round in 0..ROUNDS {
            for (seed, is_xet, up) in [(2 * round + 1, true, &mut xet_up), (2 * round + 2, false, &mut lfs_up)] {
                fill(&source, seed)?;
                let repository = self.repository(&format!("large-{seed}"))?;
                let source = source.display().to_string();
                self.measure(up, is_xet, &["upload", &repository, &source, "model.bin"])?;
                if !is_xet {
                    continue;
                }
                self.download(&mut xet_down, true, &repository, &source)?;
                self.download(&mut http_down, false, &repository, &source)?;
            }
            let address = format!("http://127.0.0.1:{}/source", self.nginx.port());
            let target = self.folder.join("got");
            self.measure(
                &mut nginx_down,
                false,
                &["get", &address, &target.display().to_string()],
            )?;
            std::fs::remove_file(target)?;
        }
        xet_up.print("upload_1gib_by_xet");
        lfs_up.print("upload_1gib_by_lfs");
        xet_up.compare("upload_1gib_by_xet", "lfs", &lfs_up);
        xet_down.print("download_1gib_by_xet");
        http_down.print("download_1gib_by_http");
        nginx_down.print("download_1gib_from_nginx");
        xet_down.compare("download_1gib_by_xet", "nginx", &nginx_down);
        http_down.compare("download_1gib_by_http", "nginx", &nginx_down);
        Ok(std::fs::remove_file(source)?)
    }

    fn download(&self, figures: &mut Figures, is_xet: bool, repository: &str, source: &str) -> anyhow::Result<()> {
        let target = self.folder.join("target");
        self.measure(
            figures,
            is_xet,
            &["download", repository, "model.bin", &target.display().to_string()],
        )?;
        run(Command::new("cmp").arg(source).arg(target.join("model.bin")))?;
        Ok(std::fs::remove_dir_all(target)?)
    }

    fn small_files(&mut self) -> anyhow::Result<()> {
        let source = self.folder.join("small");
        let mut random = Random::new(0x5eed_0031);
        for number in 0..SMALL_FILES {
            let folder = source.join(format!("{:02}", number % 30));
            std::fs::create_dir_all(&folder)?;
            let rows = (0..24).map(|hour| format!("{hour},{}\n", random.below(400)));
            std::fs::write(folder.join(format!("{number}.csv")), rows.collect::<String>())?;
        }
        let repository = self.repository("small")?;
        let mut figures = Figures::default();
        self.measure(
            &mut figures,
            true,
            &["upload_folder", &repository, &source.display().to_string()],
        )?;
        figures.print("upload_folder_3000_small_files");
        Ok(())
    }

    /// Every page in turn, each once, since the second time some of it is remembered.
    fn tree(&mut self) -> anyhow::Result<()> {
        let repository = self.repository("tiles")?;
        let address = format!("http://127.0.0.1:{}/{repository}.git", self.hub.port());
        let header = format!("http.extraHeader=Authorization: Bearer {}", self.account.token());
        let clone = self.folder.join("tree");
        run(Command::new("git").args(["init", "-q", "-b", "main"]).arg(&clone))?;
        for number in 0..TREE_FILES {
            let folder = clone.join(format!("tiles/{:03}", number / 1_000));
            std::fs::create_dir_all(&folder)?;
            std::fs::write(
                folder.join(format!("{number:06}.json")),
                format!("{{\"tile\": {number}}}\n"),
            )?;
        }
        let git = |arguments: &[&str]| {
            let person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
            run(Command::new("git").arg("-C").arg(&clone).args(person).args(arguments))
        };
        git(&["add", "."])?;
        git(&["commit", "-q", "-m", "Add tiles"])?;
        git(&["-c", &header, "push", "-q", &address, "main:tree"])?;
        let mut client = Client::connect(self.hub.port())?;
        for recursive in ["true", "false"] {
            let folder = if recursive == "true" { "" } else { "/tiles" };
            let mut times = Vec::new();
            for _ in 0..PAGES {
                let began = Instant::now();
                let page = client.get(&format!(
                    "/api/models/{repository}/tree/tree{folder}?recursive={recursive}"
                ))?;
                times.push(began.elapsed().as_secs_f64() * 1_000.0);
                anyhow::ensure!(page.status == 200, "the tree answered {}", page.status);
            }
            println!(
                "first page of a tree of {TREE_FILES} files, recursive={recursive}: first time {:.1} ms, then median {:.1} ms (aim: below 50)",
                times[0],
                median(&times)
            );
        }
        Ok(())
    }

    /// Makes a repository and answers its full name.
    fn repository(&mut self, name: &str) -> anyhow::Result<String> {
        self.account.reconnect(&self.hub)?;
        self.account.create_repository(name)?;
        Ok(format!("owner/{name}"))
    }

    /// One deed of the client, which begins without a cache.
    fn measure(&self, figures: &mut Figures, is_xet: bool, arguments: &[&str]) -> anyhow::Result<()> {
        renew_pages(&self.folder)?;
        let home = self.folder.join("home");
        let process = self.hub.process();
        let (idle, processor) = (memory_kib(process, "RssAnon"), cpu_seconds(&[process]));
        let memory = PeakMemory::watch(process);
        let seconds = run(Command::new(&self.python)
            .arg("tests/bench/transfer.py")
            .args(arguments)
            .env("HF_ENDPOINT", format!("http://127.0.0.1:{}", self.hub.port()))
            .env("HF_TOKEN", self.account.token())
            .env("HF_HOME", &home)
            .env("HF_HUB_DISABLE_XET", if is_xet { "0" } else { "1" })
            .env("HF_HUB_DISABLE_PROGRESS_BARS", "1"))?;
        let above = memory.stop().saturating_sub(idle);
        figures.memory.push(f64::from(u32::try_from(above)?) / 1_024.0);
        figures.processor.push(cpu_seconds(&[process]) - processor);
        figures.seconds.push(seconds.trim().parse()?);
        std::fs::remove_dir_all(home).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        Ok(())
    }
}

/// Bytes that do not compress.
fn fill(path: &Path, seed: usize) -> anyhow::Result<()> {
    let mut file = std::fs::File::create(path)?;
    let mut random = Random::new(0x5eed_0040 + u64::try_from(seed)?);
    let mut piece = vec![0; PIECE];
    for _ in 0..(GIB << 30) / PIECE {
        random.fill(&mut piece);
        file.write_all(&piece)?;
    }
    Ok(())
}
