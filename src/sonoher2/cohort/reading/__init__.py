"""Reading a table from the file that a hospital has: text, Excel or Parquet."""
