"""One offline HTML file, every figure as SVG (PNG and PDF where asked), every table as CSV."""
