// Command kpt is the part of kpt that works on package folders (fn, pkg), for
// machines without a kpt of their own. The whole of kpt does not build as a
// module (one that it names is not served), its commands do.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/kptdev/kpt/commands/fn"
	"github.com/kptdev/kpt/commands/pkg"
	"github.com/kptdev/kpt/pkg/printer"
	"github.com/spf13/cobra"
)

var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx = printer.WithContext(ctx, printer.New(os.Stdout, os.Stderr))
	root := &cobra.Command{Use: "kpt", SilenceUsage: true, SilenceErrors: true, Version: version}
	root.AddCommand(fn.GetCommand(ctx, "kpt"), pkg.GetCommand(ctx, "kpt"), versionCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of kpt that this is a part of",
		Run:   func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version) },
	}
}
