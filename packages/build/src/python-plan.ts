import { type Facts, firstLine, toolVersion } from "./facts.ts";
import type { BuildPlan, BuildStep, RuntimeWish } from "./plan.ts";
import { lockAmbiguous, lockMissing } from "./problems.ts";

const locks = ["requirements.txt", "uv.lock", "poetry.lock"] as const;

/** Names that tell a Python codebase, beside the lock files. */
export const pythonNames: readonly string[] = [
  ...locks,
  "pyproject.toml",
  "setup.py",
  "Pipfile",
  "manage.py",
  "app.py",
  "main.py",
  "wsgi.py",
  "asgi.py",
];

const venv = ".venv";

/**
 * The packages go into an environment in the tree, whatever the tool; what pins them is one of three files.
 *
 * @throws Problem lock-missing, lock-ambiguous
 */
export function pythonPlan(facts: Facts): Omit<BuildPlan, "others"> {
  const found = locks.filter((name) => facts.names.has(name));
  if (found.length > 1) throw lockAmbiguous(found);
  const pyproject = facts.texts["pyproject.toml"];
  const declares = pyproject !== undefined && /^\s*(dependencies\s*=|\[tool\.poetry\.dependencies\])/m.test(pyproject);
  const [lock] = found;
  if (lock === undefined && declares) {
    const poetry = pyproject?.includes("[tool.poetry]");
    throw poetry ? lockMissing("poetry.lock", "pyproject.toml", "poetry lock") : lockMissing("uv.lock", "pyproject.toml", "uv lock");
  }
  const collect = facts.names.has("manage.py")
    ? [
        {
          title: "collect static files",
          command: `[ -n "$DISABLE_COLLECTSTATIC" ] || ${venv}/bin/python manage.py collectstatic --noinput || echo "collectstatic failed; set DISABLE_COLLECTSTATIC=1 if there is nothing to collect"`,
        },
      ]
    : [];
  return {
    language: "python",
    why: lock ?? pythonNames.find((name) => facts.names.has(name)) ?? "Python files",
    runtime: pythonWish(facts),
    tools: lock === "uv.lock" ? ["uv"] : lock === "poetry.lock" ? ["poetry"] : [],
    steps: [...install(lock), ...collect],
    buildEnv: {
      PIP_DISABLE_PIP_VERSION_CHECK: "1",
      PIP_NO_INPUT: "1",
      PYTHONDONTWRITEBYTECODE: "1",
      UV_PYTHON_DOWNLOADS: "never",
      POETRY_VIRTUALENVS_IN_PROJECT: "true",
      POETRY_NO_INTERACTION: "1",
    },
    env: {
      PYTHONUNBUFFERED: "1",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONPATH: "$TREE",
      VIRTUAL_ENV: `$TREE/${venv}`,
      FORWARDED_ALLOW_IPS: "*",
      GUNICORN_CMD_ARGS: "--access-logfile -",
    },
    path: [`${venv}/bin`],
    processes: {},
    venv,
    notes: [],
  };
}

function install(lock: (typeof locks)[number] | undefined): BuildStep[] {
  const make = { title: "make an environment", command: `python3 -m venv ${venv}` };
  switch (lock) {
    case undefined:
      return [make];
    case "requirements.txt":
      return [
        make,
        {
          title: "pip install",
          command: `${venv}/bin/python -m pip install --no-compile --quiet -r requirements.txt && ${venv}/bin/python -m pip check`,
        },
      ];
    case "uv.lock":
      return [
        {
          title: "uv sync",
          command: `uv sync --locked --no-default-groups --no-managed-python --python "$(command -v python3)" --no-editable --quiet`,
          stale: { pattern: /lockfile at .* needs to be updated/, file: "uv.lock", mend: "uv lock" },
        },
      ];
    case "poetry.lock":
      return [
        make,
        {
          title: "poetry sync",
          command: `. ${venv}/bin/activate && poetry check --lock --quiet && poetry sync --only main --no-root --quiet`,
          stale: {
            pattern: /(poetry\.lock|lock file).*(changed significantly|not up to date)|poetry lock/i,
            file: "poetry.lock",
            mend: "poetry lock",
          },
        },
      ];
  }
}

function pythonWish(facts: Facts): RuntimeWish {
  const wishes: readonly (readonly [string | undefined, string])[] = [
    [firstLine(facts.texts[".python-version"]), ".python-version"],
    [firstLine(facts.texts["runtime.txt"])?.replace(/^python-/, ""), "runtime.txt"],
    [toolVersion(facts, "python"), ".tool-versions"],
    [/^\s*requires-python\s*=\s*["']([^"']+)["']/m.exec(facts.texts["pyproject.toml"] ?? "")?.[1], "requires-python in pyproject.toml"],
  ];
  const [range, from] = wishes.find(([wish]) => wish !== undefined) ?? [];
  if (range === undefined || from === undefined) return { name: "python", from: "nothing pins it" };
  return { name: "python", range: semverRange(range), from };
}

/** `>=3.11,<4`, `3.11`, `~=3.11` in the words of semver. */
function semverRange(range: string): string {
  return range
    .split(",")
    .map((part) =>
      part
        .trim()
        .replace(/^~=\s*(\d+)\.\d+$/, "^$1")
        .replace(/^~=\s*/, "~")
        .replace(/^==\s*/, "")
        .replace(/^!=.*$/, "*")
        .replace(/\.\*$/, ""),
    )
    .join(" ");
}
