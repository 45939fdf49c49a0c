# $data: time; cores that the backend used, memory in bytes. cores_most, memory_most_mib
set multiplot
set bmargin at screen 0.58
set yrange [0:*]
set ytics step(cores_most)
set ylabel 'cores' textcolor rgb '#000000'
@no_time_tics
plot $data using 1:2 with filledcurves y1=0 linecolor rgb '#56b4e9' title 'processor'
set tmargin at screen 0.45
set bmargin at screen bottom
set ytics step(memory_most_mib)
set ylabel 'MiB'
@time_tics
@time_name
plot $data using 1:($3 / 2 ** 20) with lines linetype 1 title 'memory'
unset multiplot
