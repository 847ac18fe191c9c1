// A plug-in of `buf generate` (buf.gen.yaml): reads a description of the schema, and writes the module that protocol/ is made on.
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
	CodeGeneratorRequestSchema,
	CodeGeneratorResponse_Feature,
	CodeGeneratorResponseSchema,
	FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { renderWire } from "../schema/render.ts";

const request = fromBinary(CodeGeneratorRequestSchema, await Bun.stdin.bytes());
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: request.protoFile }));
const file = request.fileToGenerate.map((path) => {
	const desc = registry.getFile(path);
	if (desc === undefined) throw new Error(`the description of ${path} is missing`);
	const up = path.replace(/[^/]+$/, "").replace(/[^/]+\//g, "../");
	return { name: path.replace(/\.proto$/, ".ts"), content: renderWire(desc, `${up}../schema.ts`) };
});
const supportedFeatures = BigInt(CodeGeneratorResponse_Feature.PROTO3_OPTIONAL);
await Bun.write(
	Bun.stdout,
	toBinary(CodeGeneratorResponseSchema, create(CodeGeneratorResponseSchema, { file, supportedFeatures })),
);
