import { describeFramework, describeRouted, describeWith } from "./support/framework.ts";

describeWith("Ruby", ["ruby", "puma"], () => {
  describeFramework({ name: "puma", app: "ruby", command: "puma --bind-to-activated-sockets only", socket: "inherit" });
  describeRouted({ name: "puma", app: "ruby", command: "puma --bind tcp://$HOST:$PORT" });
});
