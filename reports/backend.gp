# $data: time; share of a core that the backend used, memory in bytes
set multiplot
set bmargin at screen 0.58
set yrange [0:*]
set ylabel 'cores' textcolor rgb '#000000'
set xtics format ''
plot $data using 1:2 with filledcurves y1=0 linecolor rgb '#56b4e9' title 'processor, of a core'
set tmargin at screen 0.45
set bmargin at screen 50.0 / height
set format y '%.0s%cB'
set ylabel 'memory'
@time_tics
set xlabel x_title
plot $data using 1:3 with lines linetype 1 title 'memory'
unset multiplot
