# $data: time, state of charge in percent: p5, p25, p50, p75, p95; y_most
set yrange [0:y_most]
set ytics step(y_most)
set ylabel 'state of charge, %' textcolor rgb '#000000'
@time_name
plot $data using 1:2:6 with filledcurves linecolor rgb '#c8c8c8' title 'p5 to p95', \
    '' using 1:3:5 with filledcurves linecolor rgb '#56b4e9' title 'p25 to p75', \
    '' using 1:4 with lines linetype 1 linewidth 2.4 title 'median'
