package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says what this binary is made of.
type build struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	CEL     string `json:"cel,omitempty"`
	GRPC    string `json:"grpc,omitempty"`
}

func buildInfo() build {
	b := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			switch m.Path {
			case "cel.dev/cel-go":
				b.CEL = m.Version
			case "google.golang.org/grpc":
				b.GRPC = m.Version
			}
		}
	}
	return b
}

// String is the line for people.
func (b build) String() string {
	return fmt.Sprintf("tiergate %s (%s, %s/%s)\n", b.Version, b.Go, b.OS, b.Arch)
}

func newVersion() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  tiergate version -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := buildInfo()
			if output == "json" {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(b)
			}
			_, err := io.WriteString(cmd.OutOrStdout(), b.String())
			return err
		},
	}
	outputFlag(cmd, &output, "text", "json")
	return cmd
}
