/** Cases of the exam that a cluster is not asked, by name, and why: also in docs/kubernetes.md, which a test holds against this. */
export const otherwise: Readonly<Record<string, string>> = {
  "requests go to the routed release alone":
    "a release on trial takes the place of the pods that serve a few at a time, and has its share of the requests meanwhile",
  "where nothing is ready a visitor is told when to come again": "the answer is the Gateway's, whose 503 names no time",
  "a formation shrinks from its highest slots": "the cluster chooses which pods end, so that those that stay are spread over machines",
  "a one-off in its caller's terminal gets the environment of its release":
    "what is run there runs in a pod: its terminal is connected to it, and its environment never comes here",
};
