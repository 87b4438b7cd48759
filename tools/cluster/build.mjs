// Builds the real software that tests of the cluster driver run against, once: `node tools/cluster/build.mjs [name ...]`.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const bin = process.env.DOUZE_CLUSTER_BIN ?? join(homedir(), ".cache", "douze", "cluster");

const kubernetes = "1.36.3";
const [major, minor] = kubernetes.split(".");
// The module's own version is a placeholder, and servers and clients read it.
const version = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
  .flatMap((name) => [
    `-X ${name}.gitVersion=v${kubernetes}`,
    `-X ${name}.gitMajor=${major}`,
    `-X ${name}.gitMinor=${minor}`,
    `-X ${name}.gitTreeState=clean`,
    `-X ${name}.gitCommit=${"0".repeat(40)}`,
    `-X ${name}.buildDate=1970-01-01T00:00:00Z`,
  ])
  .join(" ");
const own = (name) => ({ version: kubernetes, module: "kubernetes", package: `k8s.io/kubernetes/cmd/${name}`, flags: version });

/** `module` is a folder with a go.mod of its own; without one, the package is built at its version as it is. */
const programs = {
  actionlint: { version: "v1.7.9", package: "github.com/rhysd/actionlint/cmd/actionlint" },
  etcd: { version: "3.6.8", module: "kubernetes", package: "go.etcd.io/etcd/server/v3" },
  "kube-apiserver": own("kube-apiserver"),
  "kube-controller-manager": own("kube-controller-manager"),
  "kube-scheduler": own("kube-scheduler"),
  kubelet: own("kubelet"),
  "kube-proxy": own("kube-proxy"),
  pause: { version: "1", module: "pause", package: "." },
  kwok: { version: "v0.8.0", package: "sigs.k8s.io/kwok/cmd/kwok" },
  registry: { version: "v3.0.0", package: "github.com/distribution/distribution/v3/cmd/registry" },
  "kube-score": { version: "v1.20.0", package: "github.com/zegl/kube-score/cmd/kube-score" },
  "compose-spec": { version: "v2.9.1", module: "compose", package: "." },
  helm: { version: "v4.2.4", package: "helm.sh/helm/v4/cmd/helm" },
  kustomize: { version: "v5.8.1", package: "sigs.k8s.io/kustomize/kustomize/v5" },
  kubeconform: { version: "v0.7.0", package: "github.com/yannh/kubeconform/cmd/kubeconform" },
  "kube-linter": { version: "v0.8.3", module: "linter", package: "golang.stackrox.io/kube-linter/cmd/kube-linter" },
};

/** Definitions of kinds that are not the cluster's own: files of a module. */
const definitions = {
  "httproutes.yaml": { module: "sigs.k8s.io/gateway-api@v1.6.1", file: "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" },
  "applications.yaml": { module: "github.com/argoproj/argo-cd/v3@v3.2.1", file: "manifests/crds/application-crd.yaml" },
  "kustomizations.yaml": {
    module: "github.com/fluxcd/kustomize-controller@v1.7.3",
    file: "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml",
  },
  "externalsecrets.yaml": {
    module: "github.com/external-secrets/external-secrets@v0.20.4",
    file: "config/crds/bases/external-secrets.io_externalsecrets.yaml",
  },
  "istio.yaml": { module: "istio.io/api@v1.28.1", file: "kubernetes/customresourcedefinitions.gen.yaml" },
  "podmonitors.yaml": {
    module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
    file: "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
  },
  "scaledobjects.yaml": { module: "github.com/kedacore/keda/v2@v2.18.0", file: "config/crd/bases/keda.sh_scaledobjects.yaml" },
};

const go = spawnSync("go", ["version"], { encoding: "utf8" });
if (go.error) {
  console.error("there is no `go`: tests against a cluster are skipped");
  process.exit(3);
}
mkdirSync(bin, { recursive: true });
const recordFile = join(bin, "built.json");
const record = existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, "utf8")) : {};
const asked = process.argv.slice(2);

for (const [name, program] of Object.entries(programs)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const wanted = `${program.version} ${go.stdout.trim()}`;
  if (record[name] === wanted && existsSync(join(bin, name))) continue;
  const begun = Date.now();
  build(name, program);
  record[name] = wanted;
  writeRecord();
  console.log(`${name} ${program.version} built in ${Math.round((Date.now() - begun) / 1000)} s`);
}
mkdirSync(join(bin, "definitions"), { recursive: true });
for (const [name, { module, file }] of Object.entries(definitions)) {
  if (record[name] === module && existsSync(join(bin, "definitions", name))) continue;
  const env = { ...process.env, GOFLAGS: "-mod=mod" };
  const { Dir } = JSON.parse(execFileSync("go", ["mod", "download", "-json", module], { cwd: tmpdir(), env, encoding: "utf8" }));
  writeFileSync(join(bin, "definitions", name), readFileSync(join(Dir, file)));
  record[name] = module;
  writeRecord();
}
console.log(bin);

function writeRecord() {
  writeFileSync(`${recordFile}.aside`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${recordFile}.aside`, recordFile);
}

function build(name, { module, package: path, version: at, flags = "" }) {
  const env = { ...process.env, GOFLAGS: "", CGO_ENABLED: "0", GOBIN: bin };
  const options = { env, stdio: ["ignore", "ignore", "inherit"] };
  const link = ["-trimpath", "-ldflags", `-s -w ${flags}`];
  if (module === undefined) return execFileSync("go", ["install", ...link, `${path}@${at}`], options);
  const cwd = join(import.meta.dirname, module);
  return execFileSync("go", ["build", ...link, "-o", join(bin, name), path], { ...options, cwd });
}
