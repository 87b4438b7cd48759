export { type Contract, type ContractOptions, contract } from "./api/contract.ts";
export type { DocumentOperation, OpenApiDocument, SecurityRequirement } from "./api/document.ts";
export { HttpProblem } from "./api/http-problem.ts";
export type { Call, Handlers, OperationType, OperationTypes, Reply } from "./api/types.ts";
