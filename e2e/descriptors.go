package e2e

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Descriptors reads a descriptor set that is kept as text, and returns it as
// protoc writes it.
func Descriptors(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := new(descriptorpb.FileDescriptorSet)
	if err := prototext.Unmarshal(text, set); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return proto.Marshal(set)
}
