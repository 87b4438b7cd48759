import { join } from "node:path";
import { describeFramework, describeRouted, describeWith } from "./support/framework.ts";
import { installed } from "./support/installed.ts";

describeWith("Python", ["python3"], async () => {
  const folder = await installed("python", [
    ["python3", "-m", "venv", "venv"],
    ["venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"],
  ]);
  const gunicorn = `${join(folder, "venv/bin/gunicorn")} --workers 2 wsgi:app`;
  describeFramework({ name: "gunicorn", app: "python", command: gunicorn, socket: "inherit" });
  describeFramework({ name: "uvicorn", app: "python", command: `${join(folder, "venv/bin/python")} serve.py`, socket: "inherit" });
  describeRouted({ name: "gunicorn", app: "python", command: `${gunicorn} --bind $HOST:$PORT` });
});
