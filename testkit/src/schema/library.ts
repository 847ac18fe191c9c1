// The Protobuf library and its own description of wire.proto: the judge of the codecs, and of the tables that they walk. Nothing of it is
// in the product.
export * from "@bufbuild/protobuf";
export * from "./gen/verbatim/v1/wire_pb.js";
