/** Where things are within a container. */

/** The build's tree, read-only. */
export const appFolder = "/app";
/** The one place that may be written to; it is emptied with the pod. */
export const tmpFolder = "/tmp";
/** Live config, swapped by the kubelet. */
export const liveFolder = "/run/douze/live";
/** What processes listen on. */
export const containerPort = 8080;
/** Whom processes run as: any user who is nobody on the machine. */
export const appUser = 10_001;
