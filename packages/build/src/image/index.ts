export { type Credentials, credentialsFor } from "./credentials.ts";
export { appFolder, buildInImage, type Image, type ImageRequest, makeImage } from "./image.ts";
export { writeLayout } from "./layout.ts";
export { type Pushed, type PushRequest, push } from "./push.ts";
