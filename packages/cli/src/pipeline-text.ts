/** Where a pipeline runs. */
export type Forge = "github" | "gitlab" | "drone";

export interface PipelineIn {
  readonly app: string;
  readonly environment: string;
  /** The branch whose commits are released. */
  readonly branch: string;
  /** `registry.example.org`: where images are pushed to. */
  readonly registry: string;
  /** From the root of the repository, where releases are committed. Absent: they go to the cluster. */
  readonly folder?: string;
  /** Whether the inventory holds secrets. */
  readonly encrypted: boolean;
  /** Of Douze. */
  readonly version: string;
}

export interface Pipeline {
  /** Where the forge looks for it, from the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** Secrets that the forge must be told. */
  readonly secrets: readonly string[];
}

/** A pipeline that releases each commit of a branch: short enough to be read and changed. */
export function pipeline(forge: Forge, input: PipelineIn): Pipeline {
  const text = { github, gitlab, drone }[forge](input);
  const path = { github: `.github/workflows/${input.environment}.yaml`, gitlab: ".gitlab-ci.yml", drone: ".drone.yml" }[forge];
  const pushes = forge === "gitlab" && input.folder !== undefined;
  return { path, text: `# ${headline(input)}\n${text}`, secrets: [...secretsOf(input), ...(pushes ? ["PUSH_TOKEN"] : [])] };
}

function headline({ app, environment, branch, folder }: PipelineIn): string {
  const where = folder === undefined ? "" : `, by a commit in ${folder}`;
  return `Releases each commit of ${branch} to ${environment}${where}. Written for ${app} by \`douze pipeline\`; change it as you like.`;
}

function secretsOf({ encrypted, folder }: PipelineIn): string[] {
  return [
    "REGISTRY_USER",
    "REGISTRY_PASSWORD",
    ...(encrypted ? ["SOPS_AGE_KEY"] : []),
    ...(folder === undefined ? ["KUBECONFIG_TEXT"] : []),
  ];
}

/** By whom releases are committed: a push of theirs is no reason for another release. */
const address = "pipeline@localhost";

/** Logs in as docker and podman do, whose credentials Douze reads; no Docker is needed. */
function login({ registry }: PipelineIn): string[] {
  const auth = '"$(printf %s "$REGISTRY_USER:$REGISTRY_PASSWORD" | base64 -w0)"';
  return ["mkdir -p ~/.docker", `printf '{"auths":{"${registry}":{"auth":"%s"}}}' ${auth} > ~/.docker/config.json`];
}

function release({ environment, version }: PipelineIn): string {
  return `npx --yes douze@${version} deploy --env ${environment}`;
}

function author({ app }: PipelineIn): string[] {
  return [`git config user.name "${app} pipeline"`, `git config user.email "${address}"`];
}

function github(input: PipelineIn): string {
  const { environment, branch, folder } = input;
  const script = [
    ...login(input),
    ...(folder === undefined ? ['printf %s "$KUBECONFIG_TEXT" > "$KUBECONFIG"'] : author(input)),
    release(input),
  ];
  const variables = [
    ...secretsOf(input).map((name) => `${name}: \${{ secrets.${name} }}`),
    ...(folder === undefined ? ["KUBECONFIG: ${{ runner.temp }}/kubeconfig"] : []),
  ];
  return `name: ${environment}
on:
  push:
    branches: [${branch}]
${folder === undefined ? "" : `    paths-ignore: ["${folder}/**"]\n`}concurrency: ${environment}
permissions:
  contents: ${folder === undefined ? "read" : "write"}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with: { fetch-depth: 0 }
      - uses: actions/setup-node@v5
        with: { node-version: 24 }
      - name: release
        env:
${lines(10, variables)}        run: |
${lines(10, script)}${folder === undefined ? "" : "      - run: git push\n"}`;
}

function gitlab(input: PipelineIn): string {
  const { environment, branch, folder } = input;
  const rule = `$CI_COMMIT_BRANCH == "${branch}"${folder === undefined ? "" : ` && $CI_COMMIT_AUTHOR !~ /${address}/`}`;
  // A job's own token may not push: PUSH_TOKEN is one that may write to the repository.
  const push = `git push "https://pipeline:$PUSH_TOKEN@$CI_SERVER_HOST/$CI_PROJECT_PATH.git" HEAD:${branch}`;
  const script = [
    ...login(input),
    ...(folder === undefined ? [kubeconfig] : author(input)),
    release(input),
    ...(folder === undefined ? [] : [push]),
  ];
  return `${environment}:
  image: node:24
  variables: { GIT_DEPTH: 0 }
  environment: ${environment}
  resource_group: ${environment}
  rules:
    - if: '${rule}'
  script:
${lines(4, script.map(listed))}`;
}

function drone(input: PipelineIn): string {
  const { environment, branch, folder } = input;
  const own = `if [ "$(git log -1 --format=%ae)" = ${address} ]; then exit 0; fi`;
  const script = [
    ...(folder === undefined ? [] : [own]),
    ...login(input),
    ...(folder === undefined ? [kubeconfig] : author(input)),
    release(input),
    ...(folder === undefined ? [] : [`git push origin HEAD:${branch}`]),
  ];
  return `kind: pipeline
type: docker
name: ${environment}
concurrency: { limit: 1 }
trigger:
  branch: [${branch}]
  event: [push]
steps:
  - name: release
    image: node:24
    environment:
${lines(
  6,
  secretsOf(input).map((name) => `${name}: { from_secret: ${name} }`),
)}    commands:
${lines(6, script.map(listed))}`;
}

const kubeconfig = 'export KUBECONFIG=/tmp/kubeconfig; printf %s "$KUBECONFIG_TEXT" > "$KUBECONFIG"';

function lines(indent: number, texts: readonly string[]): string {
  return texts.map((text) => `${" ".repeat(indent)}${text}\n`).join("");
}

/** An item of a list, as plain as its text allows. */
function listed(text: string): string {
  return `- ${/[:#"'{}]/.test(text) ? JSON.stringify(text) : text}`;
}
